import type { Lane } from './lane.js';
import { LaneHeaps } from './lane-heaps.js';
import type { Pace } from './pace.js';
import type { Member } from './strategy.js';

/** Up to so many lanes it is quicker to look at each than to keep heaps. */
const few = 16;

/** Finds the lane whose first has the next turn: among those who may have one, the earliest deadline; of equal ones, who has waited longest. */
export class LaneOrder<T extends Member> {
  readonly #heaps = new LaneHeaps<T>();
  /** All lanes, while they are few; else none, and they are in the heaps. */
  #list: Lane<T>[] = [];

  /** To be told when a lane is new, or when somebody else is its first, or nobody. */
  place(lane: Lane<T>, now: number): void {
    if (this.#heaps.size > 0) {
      this.#heaps.place(lane, now);
      if (this.#heaps.size <= few / 2) this.#list = this.#heaps.drain();
    } else if (lane.first === undefined) {
      this.#list = this.#list.filter((each) => each !== lane);
    } else if (!this.#list.includes(lane)) {
      this.#list.push(lane);
      if (this.#list.length > few) for (const each of this.#list.splice(0)) this.#heaps.place(each, now);
    }
  }

  next(time: Pace): Lane<T> | undefined {
    return this.#heaps.size > 0 ? this.#heaps.next(time) : (this.#leastOfFew(time.start) ?? this.#soonestOfFew(time));
  }

  #leastOfFew(now: number): Lane<T> | undefined {
    let least: Lane<T> | undefined;
    let deadline = Infinity;
    for (const lane of this.#list) {
      if (lane.start > now) continue;
      const other = lane.deadline;
      if (other > deadline || (other === deadline && least !== undefined && !lane.hasWaitedLongerThan(least))) continue;
      least = lane;
      deadline = other;
    }
    return least;
  }

  /** Rounding may let time lag behind by a tick; somebody is always next. */
  #soonestOfFew(time: Pace): Lane<T> | undefined {
    const start = Math.min(...this.#list.map((lane) => lane.start));
    if (start === Infinity) return undefined;
    time.restart(start);
    return this.#leastOfFew(start);
  }
}
