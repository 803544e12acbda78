import type { KeyHistory } from './key-history.js';
import type { PlainSnapshot } from './messages.js';
import { compare } from './snapshot-sequence.js';
import { keyOf, type StoredRecord, textOf } from './stored-record.js';

interface Waiting {
  readonly watcher: string;
  readonly snapshot: PlainSnapshot;
}

/**
 * Holds every snapshot against what etcd held at the snapshot's own revision: the list is exactly that, live or stale,
 * and nothing is reported removed whose key existed then. Snapshots that are ahead of the observer wait for it.
 */
export class SnapshotTruth {
  checked = 0;
  readonly #history: KeyHistory;
  readonly #broken: (what: string) => void;
  #waiting: Waiting[] = [];

  constructor(history: KeyHistory, broken: (what: string) => void) {
    this.#history = history;
    this.#broken = broken;
  }

  take(watcher: string, snapshot: PlainSnapshot): void {
    this.#waiting.push({ watcher, snapshot });
    this.advance();
  }

  /** Those that wait for revisions that nobody has seen. */
  get waiting(): readonly string[] {
    return this.#waiting.map(({ watcher, snapshot }) => `${watcher} showed revision ${snapshot.revision}, etcd is at ${this.#history.revision}`);
  }

  /** To be called when the history has grown. */
  advance(): void {
    const ready = this.#waiting.filter(({ snapshot }) => Number(snapshot.revision) <= this.#history.revision);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter(({ snapshot }) => Number(snapshot.revision) > this.#history.revision);
    for (const each of ready) this.#check(each);
  }

  #check({ watcher, snapshot }: Waiting): void {
    this.checked++;
    const { service, revision, status } = snapshot;
    const records = this.#history.at(service, Number(revision));
    for (const { id } of snapshot.removed) {
      if (records.get(keyOf(service, id))?.instance !== undefined) this.#broken(`${watcher} reported ${id} of ${service} removed at ${revision}, where its key existed`);
    }
    const wanted = instancesOf(records);
    const difference = compare(wanted, new Map(snapshot.instances.map((instance) => [instance.id, textOf(instance)])));
    if (difference !== undefined) this.#broken(`${watcher}'s ${status} snapshot of ${service} is not what etcd held at ${revision}: ${difference}`);
    const skipped = skippedOf(records);
    if (skipped.join() !== snapshot.skipped.join()) this.#broken(`${watcher}'s snapshot of ${service} at ${revision} skipped ${snapshot.skipped.join(' ')} instead of ${skipped.join(' ')}`);
  }
}

/** The instances among the records, by id. */
export function instancesOf(records: ReadonlyMap<string, StoredRecord>): Map<string, string> {
  return new Map([...records.values()].flatMap(({ id, instance }) => (instance === undefined ? [] : [[id, instance] as const])));
}

/** The keys of those that are none, sorted. */
export function skippedOf(records: ReadonlyMap<string, StoredRecord>): string[] {
  return [...records.values()].filter(({ instance }) => instance === undefined).map(({ key }) => key).sort();
}
