import type { PickArgs } from '../experimental.js';

/** One instance as a strategy sees it. The object is the same for as long as the instance keeps its connection, also while it is away. */
export interface Member {
  /** The instance's id; the address where there is no instance. */
  readonly key: string;
  /** Decides between those that nothing else tells apart. */
  readonly order: number;
  /** Relative to the others; above 0. */
  readonly weight: number;
}

/** How one call fares. A call that was picked for may never start: it was cancelled meanwhile, or is picked for again. */
export interface CallFollower {
  /** It is under way. At most once. */
  started(): void;
  /** It is over. At most once, and only after `started`. */
  ended(): void;
}

/** Decides which of the instances that can be called now gets a call. Told of each change; asked for each call. */
export interface Strategy<T extends Member> {
  readonly size: number;
  /** It can be called from now on. It may be one that was removed before. */
  add(member: T): void;
  /** It cannot be called for now. Nothing happens if it was not there. */
  remove(member: T): void;
  /** The weight of a member that is there became another. */
  reweigh(member: T): void;
  /** `undefined` if there is nobody. */
  pick(args: PickArgs): T | undefined;
  /** Asked right after `pick`, where the strategy needs to know how the call fares. */
  follow?(member: T): CallFollower;
}
