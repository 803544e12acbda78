import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '../../core/clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it, so that a lease of an hour expires in no time and always at the
 * same moment. It stands for time only: work that waits for a socket or a file does not finish sooner by it.
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #epoch: number;
  #elapsed = 0;

  /** @param options.now where it starts, in milliseconds since the epoch; default 2030-01-01T00:00:00Z */
  constructor(options: { readonly now?: number } = {}) {
    this.#epoch = options.now ?? Date.UTC(2030, 0, 1);
  }

  now(): number {
    return this.#epoch + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(callback: () => void, ms: number): Disposable {
    const timer = { due: this.#elapsed + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** How many timers have not run yet; 0 once everything that used this clock is closed. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ms` milliseconds pass: runs every timer that falls due, in order, also those set meanwhile, and lets promises
   * settle before, between and after them. `advance(0)` lets promises settle only.
   */
  async advance(ms = 0): Promise<void> {
    const until = this.#elapsed + ms;
    await nextTurn();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
      await nextTurn();
    }
    this.#elapsed = Math.max(this.#elapsed, until);
  }

  /** The earliest timer due by then; of several, the one set first. */
  #next(until: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= until && (earliest === undefined || timer.due < earliest.due)) earliest = timer;
    }
    return earliest;
  }
}
