import type { HeapItem } from './keyed-heap.js';
import type { QueueItem } from './linked-queue.js';
import { Pace } from './pace.js';
import type { Member } from './strategy.js';

/** One member's turns: when its next one is, and its place in the lane that it is in. */
export class Turn<T extends Member> extends Pace implements HeapItem, QueueItem<Turn<T>> {
  readonly member: T;
  /** Whether it takes part, in the lane of its weight. */
  here = false;
  /** Number of the turn it had last; 0 before the first. */
  lastTurn = 0;
  heapIndex = -1;
  queued = false;
  earlier: Turn<T> | undefined;
  later: Turn<T> | undefined;

  constructor(member: T) {
    super(1, 0);
    this.member = member;
  }

  /** Whether it is before another one that nothing else tells apart. */
  hasWaitedLongerThan(other: Turn<T>): boolean {
    return this.lastTurn === other.lastTurn ? this.member.order < other.member.order : this.lastTurn < other.lastTurn;
  }
}
