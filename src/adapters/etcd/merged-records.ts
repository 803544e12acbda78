import type { ServiceInstance } from '../../core/instance.js';
import type { RecordChange, RecordState } from '../../core/service-feed.js';

type Known = Extract<RecordState, { readonly instance: ServiceInstance }>;

/** Records of one id, or at one address, and which of them counts. */
interface Rivals {
  readonly all: Set<Known>;
  newest: Known;
}

/**
 * Several records may say the same instance: one server that is registered in two layouts, or one whose key changes with its lease. This makes one
 * instance of them: the record that was written last stands for its id and for its address. Of two that were written in one transaction, the one in
 * the place that is named first does, which is the richer one in a migration that names the native layout first.
 *
 * It keeps what it needs from one change to the next, so that a change costs what changed.
 */
export class MergedRecords {
  readonly #roots: readonly string[];
  readonly #records = new Map<string, RecordState>();
  readonly #byId = new Map<string, Rivals>();
  readonly #byAddress = new Map<string, Rivals>();

  /** @param roots of the places, the preferred one first */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  get places(): number {
    return this.#roots.length;
  }

  /** Takes these records for all that there are. The whole merged list. */
  replace(records: Iterable<RecordState>): RecordState[] {
    for (const map of [this.#records, this.#byId, this.#byAddress]) map.clear();
    this.apply(records);
    const skipped = [...this.#records.values()].filter((record) => 'skipped' in record);
    const standing = [...this.#byId.keys()].map((id) => this.#standing(id)).filter((each): each is Known => 'instance' in each);
    return [...skipped, ...standing];
  }

  /** What changes in the merged list. Instances stand under keys of their own there, one for each id. */
  apply(changes: Iterable<RecordChange>): RecordChange[] {
    const ids = new Set<string>();
    const result: RecordChange[] = [];
    for (const change of changes) {
      const before = this.#records.get(change.key);
      if (before !== undefined && 'instance' in before) this.#forget(before, ids);
      if ('deleted' in change) this.#records.delete(change.key);
      else this.#records.set(change.key, change);
      if ('instance' in change) this.#add(change, ids);
      else if ('skipped' in change || (before !== undefined && 'skipped' in before)) result.push(change);
      if ('instance' in change && before !== undefined && 'skipped' in before) result.push({ key: change.key, deleted: true });
    }
    for (const id of ids) result.push(this.#standing(id));
    return result;
  }

  #add(record: Known, ids: Set<string>): void {
    const { id, address } = record.instance;
    ids.add(id);
    this.#enter(this.#byId, id, record);
    const beaten = this.#enter(this.#byAddress, address, record);
    if (beaten !== undefined) ids.add(beaten.instance.id);
  }

  #forget(record: Known, ids: Set<string>): void {
    const { id, address } = record.instance;
    ids.add(id);
    this.#leave(this.#byId, id, record);
    const next = this.#leave(this.#byAddress, address, record);
    if (next !== undefined) ids.add(next.instance.id);
  }

  /** What stands for an id: its newest record, unless a newer one has its address. */
  #standing(id: string): RecordChange {
    const key = `\0${id}`;
    const newest = this.#byId.get(id)?.newest;
    if (newest === undefined || this.#byAddress.get(newest.instance.address)?.newest !== newest) return { key, deleted: true };
    return { ...newest, key };
  }

  /** @returns which is not the newest any more */
  #enter(map: Map<string, Rivals>, name: string, record: Known): Known | undefined {
    const rivals = map.get(name);
    if (rivals === undefined) {
      map.set(name, { all: new Set([record]), newest: record });
      return undefined;
    }
    rivals.all.add(record);
    if (!this.#isNewer(record, rivals.newest)) return undefined;
    const beaten = rivals.newest;
    rivals.newest = record;
    return beaten;
  }

  /** @returns which is the newest from here on and was not before */
  #leave(map: Map<string, Rivals>, name: string, record: Known): Known | undefined {
    const rivals = map.get(name);
    if (rivals === undefined) return undefined;
    rivals.all.delete(record);
    if (rivals.newest !== record) return undefined;
    const [first, ...others] = rivals.all;
    if (first === undefined) {
      map.delete(name);
      return undefined;
    }
    rivals.newest = others.reduce((best, each) => (this.#isNewer(each, best) ? each : best), first);
    return rivals.newest;
  }

  #isNewer(a: Known, b: Known): boolean {
    const [revisionA, revisionB] = [BigInt(a.revision ?? 0), BigInt(b.revision ?? 0)];
    if (revisionA !== revisionB) return revisionA > revisionB;
    const [rankA, rankB] = [this.placeOf(a.key), this.placeOf(b.key)];
    return rankA === rankB ? a.key > b.key : rankA < rankB;
  }

  /** The place of a key: the one with the longest root, as places may stand inside others. */
  placeOf(key: string): number {
    let rank = 0;
    let longest = -1;
    for (const [index, root] of this.#roots.entries()) {
      if (root.length > longest && key.startsWith(root)) [rank, longest] = [index, root.length];
    }
    return rank;
  }
}
