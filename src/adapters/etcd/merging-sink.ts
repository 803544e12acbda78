import type { Clock } from '../../core/clock.js';
import type { RollcallError } from '../../core/errors.js';
import type { FeedSink, RecordChange, RecordState } from '../../core/service-feed.js';
import type { MergedRecords } from './merged-records.js';

/** How far the events of one transaction may be apart: each place has a watch of its own, and other events come in between. */
const togetherMs = 20;

/**
 * Passes on merged records. Changes wait a moment: what was written in one transaction comes as one event for each place, and half of it
 * would show an instance for a moment as its poorer record says it.
 */
export class MergingSink implements FeedSink, Disposable {
  readonly #sink: FeedSink;
  readonly #merged: MergedRecords;
  readonly #clock: Clock;
  #waiting: RecordChange[] = [];
  #revision = '0';
  #timer: Disposable | undefined;
  /** The newest revision of which each place has told something. */
  readonly #heard = new Map<number, string>();

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
    for (const change of changes) {
      this.#waiting.push(change);
      this.#heard.set(this.#merged.placeOf(change.key), revision);
    }
    // The places' watches do not wait for each other, and a revision never goes back (law 3).
    if (BigInt(revision) > BigInt(this.#revision)) this.#revision = revision;
    const whole = this.#heard.size === this.#merged.places && [...this.#heard.values()].every((each) => each === this.#revision);
    // The rest of a transaction is on its way, or there is none: that cannot be told from here.
    if (this.#timer !== undefined && !whole) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.setTimer(() => {
      this.#flush();
    }, whole ? 0 : togetherMs);
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
