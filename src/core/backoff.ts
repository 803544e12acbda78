import type { Random } from './random.js';

export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. Default 50. */
  readonly initialMs?: number;
  /** Upper bound of every wait, in milliseconds. Default 1000: a client is never deaf for long after its backend is back. */
  readonly maxMs?: number;
  /** How fast the bound grows. Default 2. */
  readonly factor?: number;
}

/**
 * Exponential backoff with "equal jitter": each wait is between half the bound and the bound.
 * The half that is certain keeps one client from hammering; the half that is not keeps a thousand
 * clients that lost the same backend from coming back in step.
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
 */
export class Backoff {
  readonly #random: Random;
  readonly #initial: number;
  readonly #max: number;
  readonly #factor: number;
  #bound: number;

  constructor(random: Random, options: BackoffOptions = {}) {
    this.#random = random;
    this.#max = options.maxMs ?? 1000;
    this.#initial = Math.min(this.#max, options.initialMs ?? 50);
    this.#factor = options.factor ?? 2;
    this.#bound = this.#initial;
  }

  /** The next wait in milliseconds; each call raises the bound. */
  next(): number {
    const bound = this.#bound;
    this.#bound = Math.min(this.#max, bound * this.#factor);
    return bound / 2 + this.#random() * (bound / 2);
  }

  /** To be called after a success: the next trouble starts small again. */
  reset(): void {
    this.#bound = this.#initial;
  }
}
