import type { Random } from '../../core/random.js';
import type { Member, Strategy } from './strategy.js';
import { TurnScheduler } from './turn-scheduler.js';

/** Turns that may be left out at the start. Enough to tell many clients apart, and not felt. */
const mostSkipped = 1000;

/** The instances take turns by weight. */
export class TurnStrategy<T extends Member> implements Strategy<T> {
  readonly #scheduler = new TurnScheduler<T>();
  #random: Random | undefined;

  /**
   * @param random where in the cycle to start, so that many clients that start together do not all call the heaviest instance first. Without it the
   *   members' own order decides.
   */
  constructor(random?: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#scheduler.size;
  }

  add(member: T): void {
    this.#scheduler.add(member);
  }

  remove(member: T): void {
    this.#scheduler.remove(member);
  }

  reweigh(member: T): void {
    this.#scheduler.reweigh(member);
  }

  pick(): T | undefined {
    if (this.#random !== undefined) this.#skipSome(this.#random);
    return this.#scheduler.next();
  }

  #skipSome(random: Random): void {
    this.#random = undefined;
    for (let left = Math.floor(random() * mostSkipped); left > 0; left--) this.#scheduler.next();
  }
}
