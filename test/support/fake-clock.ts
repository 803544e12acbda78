import { ManualClock } from '../../src/adapters/memory/manual-clock.js';

/** Lets every promise that can settle do so: all microtasks, and those they start, run before the next immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The clock that users test with, and one thing more that only the core's own tests need. */
export class FakeClock extends ManualClock {
  #wallOffset = 0;

  constructor(start = 1_000_000) {
    super({ now: start });
  }

  override now(): number {
    return super.now() + this.#wallOffset;
  }

  /** Sets the wall clock back or forth, as an operator or NTP does; durations do not notice. */
  shiftWallClock(ms: number): void {
    this.#wallOffset += ms;
  }
}
