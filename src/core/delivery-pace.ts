/** Deliveries that may follow each other without a wait, and milliseconds after which one more may. */
const [freely, refillMs] = [10, 10];

/** The first wait of a flood, the longest, and how far behind a flood may leave us, in deliveries. */
const [firstWaitMs, longestWaitMs, deepest] = [25, 400, 20];

/**
 * When what changed is to be shown. A change that comes alone is shown at once, and so are a few in a row (a token bucket: ten, and a hundred a
 * second from then on). What comes faster is a flood: a whole fleet that registers again after an outage. It is shown in larger and larger steps,
 * the longer it lasts: after 25 ms, 50 ms, 100 ms, 200 ms, and every 400 ms from then on. Once it is over, a moment of quiet makes up for it.
 */
export class DeliveryPace {
  #tokens = freely;
  #refilledAt = 0;
  #waitMs = firstWaitMs;

  /**
   * To be asked for each change.
   * @param now milliseconds on a clock that only grows
   * @param waiting whether earlier changes wait already, and this one goes along with them
   * @returns milliseconds to wait; 0 for none
   */
  next(now: number, waiting: boolean): number {
    this.#tokens = Math.min(freely, this.#tokens + (now - this.#refilledAt) / refillMs);
    this.#refilledAt = now;
    if (this.#tokens === freely) this.#waitMs = firstWaitMs;
    const free = this.#tokens >= 1;
    this.#tokens = Math.max(-deepest, this.#tokens - 1);
    if (free || waiting) return 0;
    const wait = this.#waitMs;
    this.#waitMs = Math.min(longestWaitMs, 2 * wait);
    return wait;
  }
}
