import { linkSignals, sleep } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { RollcallError, toRollcallError } from '../../core/errors.js';

/** The removal of a record, which nobody waits for longer than it is worth; it goes on by itself. */
export class Removal {
  readonly #clock: Clock;
  readonly #done: Promise<void>;
  readonly #settled = new AbortController();
  #failure: RollcallError | undefined;

  constructor(work: Promise<void>, clock: Clock) {
    this.#clock = clock;
    this.#done = work
      .catch((error: unknown) => {
        this.#failure = toRollcallError(error);
      })
      .finally(() => {
        this.#settled.abort();
      });
  }

  /** Resolves once it is removed or cannot be, after `ms`, or when `hurry` aborts. */
  async wait(ms: number, hurry?: AbortSignal): Promise<void> {
    const linked = linkSignals(this.#settled.signal, hurry);
    await Promise.race([this.#done, sleep(this.#clock, ms, linked.signal).catch(() => undefined)]);
    linked[Symbol.dispose]();
  }

  get pending(): boolean {
    return !this.#settled.signal.aborted;
  }

  /** Why the record may still be there; `undefined` if it is gone. */
  get failure(): RollcallError | undefined {
    if (this.pending) return new RollcallError('TIMEOUT', 'the record is not removed yet, as the backend does not answer; its removal goes on, and it ends with its lease');
    return this.#failure;
  }
}
