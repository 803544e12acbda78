import type { ServiceInstance } from '../../core/instance.js';
import type { RecordChange, RecordState } from '../../core/service-feed.js';

type Known = Extract<RecordState, { readonly instance: ServiceInstance }>;

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
  readonly #byId = new Map<string, Set<Known>>();
  readonly #byAddress = new Map<string, Set<Known>>();

  /** @param roots of the places, the preferred one first */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
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
    entry(this.#byId, id).add(record);
    entry(this.#byAddress, address).add(record);
    this.#affected(record, ids);
  }

  #forget(record: Known, ids: Set<string>): void {
    const { id, address } = record.instance;
    this.#affected(record, ids);
    remove(this.#byId, id, record);
    remove(this.#byAddress, address, record);
  }

  /** Whoever shares an address with it may stand or fall with it. */
  #affected({ instance: { id, address } }: Known, ids: Set<string>): void {
    ids.add(id);
    for (const rival of this.#byAddress.get(address) ?? []) ids.add(rival.instance.id);
  }

  /** What stands for an id: its newest record, unless a newer one has its address. */
  #standing(id: string): RecordChange {
    const key = `\0${id}`;
    const newest = this.#newest(this.#byId.get(id));
    if (newest === undefined || this.#newest(this.#byAddress.get(newest.instance.address)) !== newest) return { key, deleted: true };
    return { ...newest, key };
  }

  #newest(records: Iterable<Known> | undefined): Known | undefined {
    let best: Known | undefined;
    for (const each of records ?? []) if (best === undefined || this.#isNewer(each, best)) best = each;
    return best;
  }

  #isNewer(a: Known, b: Known): boolean {
    const [revisionA, revisionB] = [BigInt(a.revision ?? 0), BigInt(b.revision ?? 0)];
    if (revisionA !== revisionB) return revisionA > revisionB;
    const [rankA, rankB] = [this.#rank(a.key), this.#rank(b.key)];
    return rankA === rankB ? a.key > b.key : rankA < rankB;
  }

  /** The place of a key: the one with the longest root, as places may stand inside others. */
  #rank(key: string): number {
    let rank = 0;
    let longest = -1;
    for (const [index, root] of this.#roots.entries()) {
      if (root.length > longest && key.startsWith(root)) [rank, longest] = [index, root.length];
    }
    return rank;
  }
}

function entry(map: Map<string, Set<Known>>, name: string): Set<Known> {
  let records = map.get(name);
  if (records === undefined) map.set(name, (records = new Set()));
  return records;
}

function remove(map: Map<string, Set<Known>>, name: string, record: Known): void {
  const records = map.get(name);
  records?.delete(record);
  if (records?.size === 0) map.delete(name);
}
