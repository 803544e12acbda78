import type { Clock } from './clock.js';
import { DeliveryPace } from './delivery-pace.js';
import type { RollcallError } from './errors.js';
import type { FeedSink, RecordChange, RecordState } from './service-feed.js';

/**
 * Passes on what a backend tells, changes at once as long as they are few. A flood of them is taken together: only the last state of each record
 * is passed on, in steps (`DeliveryPace`). Every snapshot costs each of its readers something, and one that is old when the next is on its way is of no use.
 */
export class CoalescingSink implements FeedSink, Disposable {
  readonly #sink: FeedSink;
  readonly #clock: Clock;
  /** From the first change on: most services that are watched change rarely. */
  #pace: DeliveryPace | undefined;
  /** By key; kept while a delivery is due. */
  #waiting: Map<string, RecordChange> | undefined;
  #revision = '0';
  #timer: Disposable | undefined;

  constructor(sink: FeedSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  replace(records: Iterable<RecordState>, revision: string): void {
    // What waits is older than the complete state.
    this.#drop();
    this.#sink.replace(records, revision);
  }

  apply(changes: Iterable<RecordChange>, revision: string): void {
    const waiting = this.#waiting;
    this.#pace ??= new DeliveryPace();
    const wait = this.#pace.next(this.#clock.monotonic(), waiting !== undefined);
    if (waiting === undefined && wait === 0) {
      this.#sink.apply(changes, revision);
      return;
    }
    const together = (this.#waiting ??= new Map<string, RecordChange>());
    for (const change of changes) together.set(change.key, change);
    this.#revision = revision;
    this.#timer ??= this.#clock.setTimer(() => {
      this.#flush();
    }, wait);
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
    const [waiting, revision] = [this.#waiting, this.#revision];
    this.#drop();
    if (waiting !== undefined) this.#sink.apply(waiting.values(), revision);
  }

  #drop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#waiting = undefined;
  }
}
