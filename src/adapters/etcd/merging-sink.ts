import type { Clock } from '../../core/clock.js';
import type { RollcallError } from '../../core/errors.js';
import type { FeedSink, RecordChange, RecordState } from '../../core/service-feed.js';
import type { MergedRecords } from './merged-records.js';

/**
 * Passes on merged records. Changes wait for the end of the turn: what was written in one transaction comes as one event for each place, and half of it
 * would show an instance for a moment as its poorer record says it.
 */
export class MergingSink implements FeedSink, Disposable {
  readonly #sink: FeedSink;
  readonly #merged: MergedRecords;
  readonly #clock: Clock;
  #waiting: RecordChange[] = [];
  #revision = '0';
  #timer: Disposable | undefined;

  constructor(sink: FeedSink, merged: MergedRecords, clock: Clock) {
    this.#sink = sink;
    this.#merged = merged;
    this.#clock = clock;
  }

  replace(records: Iterable<RecordState>, revision: string): void {
    // What waits is older than the complete state.
    this.#drop();
    this.#revision = revision;
    this.#sink.replace(this.#merged.replace(records), revision);
  }

  apply(changes: Iterable<RecordChange>, revision: string): void {
    this.#waiting.push(...changes);
    // The places' watches do not wait for each other, and a revision never goes back (law 3).
    if (BigInt(revision) > BigInt(this.#revision)) this.#revision = revision;
    this.#timer ??= this.#clock.setTimer(() => {
      this.#flush();
    }, 0);
  }

  stale(reason: RollcallError): void {
    this.#flush();
    this.#sink.stale(reason);
  }

  live(): void {
    this.#flush();
    this.#sink.live();
  }

  [Symbol.dispose](): void {
    this.#drop();
  }

  #flush(): void {
    const changes = this.#waiting;
    this.#drop();
    if (changes.length > 0) this.#sink.apply(this.#merged.apply(changes), this.#revision);
  }

  #drop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#waiting = [];
  }
}
