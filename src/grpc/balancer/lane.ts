import { type HeapItem, KeyedHeap } from './keyed-heap.js';
import { LinkedQueue } from './linked-queue.js';
import type { Member } from './strategy.js';
import type { Turn } from './turn.js';

/**
 * The turns of those with one weight. Who starts first among them is due first, and had its turn goes behind all the others: so a queue is enough,
 * and nobody is compared with anybody. Only who comes, or comes back, to a place further ahead is kept apart in a heap, until it has had its turn.
 */
export class Lane<T extends Member> implements HeapItem {
  readonly parts: number;
  heapIndex = -1;
  readonly #queue = new LinkedQueue<Turn<T>>();
  #ahead: KeyedHeap<Turn<T>> | undefined;
  #first: Turn<T> | undefined;

  constructor(parts: number) {
    this.parts = parts;
  }

  /** Who is next among them; `undefined` if nobody is here. */
  get first(): Turn<T> | undefined {
    return this.#first;
  }

  /** When the turn of its first may begin; never if nobody is here. */
  get start(): number {
    return this.#first === undefined ? Infinity : this.#first.start;
  }

  get deadline(): number {
    return this.#first === undefined ? Infinity : this.#first.deadline;
  }

  /** Whether its first is before another lane's first that nothing else tells apart. */
  hasWaitedLongerThan(other: Lane<T>): boolean {
    return (this.#first as Turn<T>).hasWaitedLongerThan(other.#first as Turn<T>);
  }

  add(turn: Turn<T>): void {
    const { last } = this.#queue;
    if (last === undefined || precedes(last, turn)) {
      this.#queue.push(turn);
    } else {
      this.#ahead ??= new KeyedHeap((a, b) => precedes(a, b));
      this.#ahead.push(turn, turn.start);
    }
    if (this.#first === undefined || precedes(turn, this.#first)) this.#first = turn;
  }

  delete(turn: Turn<T>): void {
    if (turn.queued) this.#queue.delete(turn);
    else this.#ahead?.delete(turn);
    if (turn === this.#first) this.#first = this.#least();
  }

  #least(): Turn<T> | undefined {
    const { first } = this.#queue;
    const ahead = this.#ahead?.first;
    if (ahead === undefined || first === undefined) return ahead ?? first;
    return precedes(ahead, first) ? ahead : first;
  }
}

function precedes<T extends Member>(a: Turn<T>, b: Turn<T>): boolean {
  if (a.start !== b.start) return a.start < b.start;
  // Rounding sets deadlines a tick apart.
  return a.deadline === b.deadline ? a.hasWaitedLongerThan(b) : a.deadline < b.deadline;
}
