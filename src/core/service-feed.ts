import type { Clock } from './clock.js';
import { publish } from './diagnostics.js';
import type { RollcallError } from './errors.js';
import { sameInstance, type ServiceInstance } from './instance.js';
import { Listeners } from './listeners.js';
import type { Logger } from './logger.js';
import { noteRecordLayout } from './record-layout.js';
import { noteRecordRevision } from './record-revision.js';
import { nothing, patchSorted, type SkippedRecord, type Snapshot, type SnapshotDiff } from './snapshot.js';

/** What a backend says about one key. The key decides the id: two keys never carry the same one. */
export type RecordState =
  | {
      readonly key: string;
      readonly instance: ServiceInstance;
      /** At which revision the record was written last; an adapter whose backend tells it passes it on. */
      readonly revision?: string | undefined;
      /** In which layout it is written; an adapter that knows more than one passes it on. */
      readonly layout?: string | undefined;
    }
  | { readonly key: string; readonly skipped: string };

export type RecordChange = RecordState | { readonly key: string; readonly deleted: true };

/** Where an adapter reports what it sees of one service. */
export interface FeedSink {
  /** The complete state at one revision: after connecting, and after every gap in the watch. */
  replace(records: Iterable<RecordState>, revision: string): void;
  /** What one backend event, or several of one revision, changed. */
  apply(changes: Iterable<RecordChange>, revision: string): void;
  /** The backend is in trouble; what is known stays (law 4). Ends with the next `replace` or `live`. */
  stale(reason: RollcallError): void;
  /** The trouble is over and nothing changed meanwhile. */
  live(): void;
}

/** Who keeps an eye on a feed from outside. */
export interface FeedObserver {
  troubled(feed: ServiceFeed): void;
  recovered(feed: ServiceFeed): void;
  /** The complete state came once more: after a gap. */
  resynced(feed: ServiceFeed): void;
}

export interface FeedDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer?: FeedObserver | undefined;
}

/**
 * The state of one service and the sequence of its snapshots (laws 1, 2, 4, 5). Knows no backend: an adapter
 * reports into it, watches read from it.
 */
export class ServiceFeed implements FeedSink {
  readonly service: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #observer: FeedObserver | undefined;
  readonly #listeners: Listeners<[snapshot: Snapshot, predecessor: Snapshot | undefined]>;
  #records = new Map<string, ServiceInstance | SkippedRecord>();
  #instances: readonly ServiceInstance[] = nothing;
  #skipped: readonly SkippedRecord[] = nothing;
  #current: Snapshot | undefined;
  #predecessor: Snapshot | undefined;
  #trouble: RollcallError | undefined;
  /** Whether it was told already that this trouble does not pass by itself. */
  #hopeless = false;

  constructor(service: string, deps: FeedDeps) {
    this.service = service;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#observer = deps.observer;
    this.#listeners = new Listeners(deps.logger, `the watch of ${service}`);
  }

  get current(): Snapshot | undefined {
    return this.#current;
  }

  /** The snapshot before `current`, against which its diff was made. */
  get predecessor(): Snapshot | undefined {
    return this.#predecessor;
  }

  get trouble(): RollcallError | undefined {
    return this.#trouble;
  }

  listen(listener: (snapshot: Snapshot, predecessor: Snapshot | undefined) => void): Disposable {
    return this.#listeners.add(listener);
  }

  replace(records: Iterable<RecordState>, revision: string): void {
    const changes = this.#records.size === 0 ? records : withDeletions(records, this.#records.keys());
    // A backend that is polled gives the whole state each time: only after trouble is that a recovery.
    const again = this.#current !== undefined && this.#trouble !== undefined;
    this.#recover();
    this.#change(changes, revision);
    if (again) this.#observer?.resynced(this);
  }

  apply(changes: Iterable<RecordChange>, revision: string): void {
    // A change before the first complete list would make a partial snapshot (law 1).
    if (this.#current === undefined) throw new Error('apply() before replace()');
    this.#change(changes, revision);
  }

  stale(reason: RollcallError): void {
    const before = this.#trouble;
    this.#trouble = reason;
    this.#observer?.troubled(this);
    // Only the transition is news; the retries that follow are not, until one shows that waiting alone will not help.
    if (before !== undefined && (reason.retryable || this.#hopeless)) return;
    this.#hopeless = !reason.retryable;
    this.#logger.warn({ service: this.service, err: reason }, before === undefined ? 'the watch has gone stale' : 'the watch stays stale');
    if (this.#current !== undefined) this.#publish(this.#current.revision, noDiff);
  }

  live(): void {
    if (this.#trouble === undefined) return;
    this.#recover();
    if (this.#current !== undefined) this.#publish(this.#current.revision, noDiff);
  }

  #recover(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#hopeless = false;
    this.#observer?.recovered(this);
  }

  #change(changes: Iterable<RecordChange>, revision: string): void {
    const byId = new Map<string, ServiceInstance | undefined>();
    let skippedChanged = false;
    for (const change of changes) {
      const known = this.#records.get(change.key);
      if ('instance' in change) {
        if (known !== undefined && !isSkipped(known)) {
          if (sameInstance(known, change.instance)) {
            noteRecordRevision(known, change.revision);
            noteRecordLayout(known, change.layout);
            continue;
          }
          if (known.id !== change.instance.id) byId.set(known.id, undefined);
        }
        skippedChanged ||= known !== undefined && isSkipped(known);
        noteRecordRevision(change.instance, change.revision);
        noteRecordLayout(change.instance, change.layout);
        this.#records.set(change.key, change.instance);
        byId.set(change.instance.id, change.instance);
        continue;
      }
      if (known !== undefined && !isSkipped(known)) byId.set(known.id, undefined);
      if ('deleted' in change) {
        skippedChanged ||= known !== undefined && isSkipped(known);
        this.#records.delete(change.key);
      } else if (known === undefined || !isSkipped(known) || known.reason !== change.skipped) {
        this.#logger.warn({ service: this.service, key: change.key, reason: change.skipped }, 'skipped a record that cannot be read');
        this.#records.set(change.key, Object.freeze({ key: change.key, reason: change.skipped }));
        skippedChanged = true;
      }
    }
    if (skippedChanged) this.#skipped = Object.freeze([...this.#records.values()].filter(isSkipped).sort((a, b) => (a.key < b.key ? -1 : 1)));
    const statusChanged = this.#current?.status !== (this.#trouble === undefined ? 'live' : 'stale');
    // A record that was rewritten as it was is no news to anybody.
    if (byId.size === 0 && !skippedChanged && !statusChanged) return;
    if (byId.size === 0) {
      this.#publish(revision, noDiff);
      return;
    }
    const { instances, ...diff } = patchSorted(this.#instances, byId);
    this.#instances = instances;
    this.#publish(revision, diff);
  }

  #publish(revision: string, diff: SnapshotDiff): void {
    const status = this.#trouble === undefined ? 'live' : 'stale';
    const since = this.#current?.status === status ? this.#current.since : this.#clock.now();
    if (status === 'live' && this.#current?.status === 'stale') {
      this.#logger.info({ service: this.service, staleMs: since - this.#current.since }, 'the watch is live again');
    }
    const snapshot: Snapshot = Object.freeze({
      service: this.service,
      revision,
      status,
      since,
      ...(this.#trouble === undefined ? {} : { reason: this.#trouble }),
      instances: this.#instances,
      ...diff,
      skipped: this.#skipped,
    });
    this.#predecessor = this.#current;
    this.#current = snapshot;
    if (this.#observer !== undefined) publish('rollcall:watch', () => ({ snapshot }));
    this.#listeners.emit(snapshot, this.#predecessor);
  }
}

/** The records of a complete list, and the removal of what it lacks. */
function withDeletions(records: Iterable<RecordState>, known: Iterable<string>): readonly RecordChange[] {
  const gone = new Set(known);
  const changes: RecordChange[] = [];
  for (const record of records) {
    gone.delete(record.key);
    changes.push(record);
  }
  for (const key of gone) changes.push({ key, deleted: true });
  return changes;
}

const noDiff: SnapshotDiff = { added: nothing, removed: nothing, changed: nothing };

function isSkipped(record: ServiceInstance | SkippedRecord): record is SkippedRecord {
  return 'reason' in record;
}
