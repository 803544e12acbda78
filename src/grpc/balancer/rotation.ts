/** Something that takes turns. */
export interface TurnTaker {
  /** Number of the turn it had last; 0 before the first. Kept by the rotation, also while it is away. */
  lastTurn: number;
  /** Decides between those that never had a turn. */
  readonly order: number;
}

/**
 * Gives the next turn to whoever has waited longest. Plain round robin with an index would skip or repeat when members
 * come and go; this keeps its place: a newcomer is next, one that was away briefly gets no second turn early.
 */
export class Rotation<T extends TurnTaker> {
  /** Longest waiting first. */
  readonly #queue: T[] = [];
  #turns = 0;

  get size(): number {
    return this.#queue.length;
  }

  add(member: T): void {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (waitsLonger(this.#queue[middle] as T, member)) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, member);
  }

  remove(member: T): void {
    const at = this.#queue.indexOf(member);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  next(): T | undefined {
    const member = this.#queue.shift();
    if (member === undefined) return undefined;
    member.lastTurn = ++this.#turns;
    this.#queue.push(member);
    return member;
  }
}

function waitsLonger(a: TurnTaker, b: TurnTaker): boolean {
  return a.lastTurn === b.lastTurn ? a.order < b.order : a.lastTurn < b.lastTurn;
}
