import { KeyedHeap } from './keyed-heap.js';
import type { Lane } from './lane.js';
import { distanceOf, type Pace } from './pace.js';
import type { Member } from './strategy.js';

/** Finds whose turn it is among many lanes: O(log n). */
export class LaneHeaps<T extends Member> {
  /** Lanes in which nobody's turn has come yet; soonest first. */
  readonly #waiting = new KeyedHeap<Lane<T>>((a, b) => a.hasWaitedLongerThan(b));
  /** Lanes in which somebody may have a turn; most urgent first. */
  readonly #eligible = new KeyedHeap<Lane<T>>((a, b) => a.hasWaitedLongerThan(b));
  /** The least distance between two turns of anybody up to now. */
  #shortest = Infinity;

  get size(): number {
    return this.#waiting.size + this.#eligible.size;
  }

  /** Puts a lane where it belongs now that somebody else is its first; takes it out if nobody is. */
  place(lane: Lane<T>, now: number): void {
    const eligible = this.#eligible.has(lane);
    if (eligible && lane.start <= now) {
      this.#eligible.rekey(lane, lane.deadline);
      return;
    }
    if (eligible) this.#eligible.delete(lane);
    else if (this.#waiting.has(lane)) this.#waiting.delete(lane);
    if (lane.first === undefined) return;
    this.#shortest = Math.min(this.#shortest, Math.floor(distanceOf(lane.parts)));
    this.#waiting.push(lane, lane.start);
  }

  /** The lane whose first may have a turn and has the earliest deadline. */
  next(time: Pace): Lane<T> | undefined {
    const [waiting, eligible] = [this.#waiting, this.#eligible];
    // Time goes back a little when one leaves that was behind the others, or comes.
    for (let lane = eligible.first; lane !== undefined && lane.start > time.start; lane = eligible.first) {
      eligible.delete(lane);
      waiting.push(lane, lane.start);
    }
    // Rounding may let time lag behind by a tick; somebody is always next.
    if (eligible.size === 0 && waiting.first !== undefined && time.start < waiting.first.start) time.restart(waiting.first.start);
    for (let lane = waiting.first; lane !== undefined && lane.start <= time.start; lane = waiting.first) {
      // Whoever starts this late cannot have the earlier deadline: with nearly equal weights one is moved at a time, not a whole round.
      const urgent = eligible.first;
      if (urgent !== undefined && lane.start + this.#shortest > urgent.deadline) break;
      waiting.delete(lane);
      eligible.push(lane, lane.deadline);
    }
    return eligible.first;
  }

  /** Takes all of them out. */
  drain(): Lane<T>[] {
    const all: Lane<T>[] = [];
    for (const heap of [this.#waiting, this.#eligible]) {
      for (let lane = heap.first; lane !== undefined; lane = heap.first) {
        heap.delete(lane);
        all.push(lane);
      }
    }
    return all;
  }
}
