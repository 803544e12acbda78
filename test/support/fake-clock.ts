import type { Clock } from '../../src/core/clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Lets every promise that can settle do so: all microtasks, and those they start, run before the next immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #time: number;
  #wallOffset = 0;
  readonly #timers = new Set<Timer>();

  constructor(start = 1_000_000) {
    this.#time = start;
  }

  now(): number {
    return this.#time + this.#wallOffset;
  }

  monotonic(): number {
    return this.#time;
  }

  setTimer(callback: () => void, ms: number): Disposable {
    const timer = { at: this.#time + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** Timers that have not fired: none may be left when everything is closed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock back or forth, as an operator or NTP does; durations do not notice. */
  shiftWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Moves on, from timer to timer in order; promises settle before and after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.callback();
      await settle();
    }
    this.#time = end;
  }
}
