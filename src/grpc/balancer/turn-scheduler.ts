import { IndexedHeap } from './indexed-heap.js';
import { distanceOf, Pace, partsOf } from './pace.js';
import type { Member } from './strategy.js';

interface Turn<T> {
  readonly member: T;
  pace: Pace;
  start: number;
  deadline: number;
  /** Number of the turn it had last; 0 before the first. */
  lastTurn: number;
  heapIndex: number;
}

/**
 * Turns in exact proportion to weights, as evenly spread as whole turns can be: at no moment has anybody had one turn more or less than its
 * part (earliest eligible deadline first; Bennett and Zhang, "WF²Q", 1996). With equal weights that is a strict rotation.
 *
 * - A member may have its next turn when its part of all turns so far has come to it (`start`), and should before the one after it is due
 *   (`deadline`). Of those who may, the earliest deadline is next; of equal ones, who has waited longest.
 * - A newcomer stands beside the next in line; with equal weights that makes it next. One that was away briefly gets no second turn early.
 * - Another weight takes effect at once and scales what is left to wait.
 */
export class TurnScheduler<T extends Member> {
  /** Their turn has not come yet; soonest first. */
  readonly #waiting = new IndexedHeap<Turn<T>>((a, b) => (a.start === b.start ? longerWaiting(a, b) : a.start < b.start));
  /** They may have a turn; most urgent first. */
  readonly #eligible = new IndexedHeap<Turn<T>>((a, b) => (a.deadline === b.deadline ? longerWaiting(a, b) : a.deadline < b.deadline));
  /** Also of those that are away. */
  readonly #turns = new WeakMap<T, Turn<T>>();
  /** What the time is for all together: the mean of their starts by weight. It paces like a member that has every turn. */
  readonly #time = new Pace(1, 0);
  #parts = 0;
  /** The least distance between two turns of anybody up to now. */
  #shortest = Infinity;
  #count = 0;

  get size(): number {
    return this.#waiting.size + this.#eligible.size;
  }

  add(member: T): void {
    const known = this.#turns.get(member);
    if (known !== undefined && this.#isHere(known)) return;
    const parts = partsOf(member.weight);
    const turn = known ?? { member, pace: this.#newcomersPace(parts), start: 0, deadline: 0, lastTurn: 0, heapIndex: -1 };
    if (known === undefined) this.#turns.set(member, turn);
    else this.#welcomeBack(turn, parts);
    this.#enter(turn);
  }

  remove(member: T): void {
    const turn = this.#turns.get(member);
    if (turn !== undefined && this.#isHere(turn)) this.#leave(turn);
  }

  reweigh(member: T): void {
    const turn = this.#turns.get(member);
    const parts = partsOf(member.weight);
    if (turn === undefined || !this.#isHere(turn) || parts === turn.pace.parts) return;
    // What it is owed, or has had in advance, stays the same number of turns: so time stays what it is.
    const start = this.#scaled(turn.start, turn.pace.parts, parts);
    this.#leave(turn);
    turn.pace.restart(start, parts);
    this.#enter(turn);
  }

  next(): T | undefined {
    const turn = this.#nextInLine();
    if (turn === undefined) return undefined;
    this.#eligible.delete(turn);
    turn.pace.advance();
    turn.lastTurn = ++this.#count;
    this.#time.advance();
    this.#enqueue(turn);
    return turn.member;
  }

  #newcomersPace(parts: number): Pace {
    const next = this.#nextInLine();
    if (next === undefined) return new Pace(parts, this.#time.start);
    return next.pace.parts === parts ? next.pace.copy() : new Pace(parts, this.#scaled(next.start, next.pace.parts, parts));
  }

  /** Its place is kept, unless everybody has had turns since: it is owed none for the time it was away. */
  #welcomeBack(turn: Turn<T>, parts: number): void {
    const { start, parts: before } = turn.pace;
    const place = this.#scaled(start, before, parts);
    const newcomers = this.#newcomersPace(parts);
    const latest = this.#time.start + Math.ceil(distanceOf(parts));
    if (place < newcomers.start) turn.pace = newcomers;
    else if (parts !== before || place > latest) turn.pace.restart(Math.min(place, latest), parts);
  }

  /** Who may have a turn and has the earliest deadline; moves those on whose turn has come. */
  #nextInLine(): Turn<T> | undefined {
    const soonest = this.#waiting.first;
    if (soonest === undefined) return this.#eligible.first;
    // Rounding may let time lag behind by a tick; somebody is always next.
    if (this.#eligible.size === 0 && this.#time.start < soonest.start) this.#time.restart(soonest.start);
    for (let turn = this.#waiting.first; turn !== undefined && turn.start <= this.#time.start; turn = this.#waiting.first) {
      // Whoever starts this late cannot have the earlier deadline: with equal weights one is moved at a time, not a whole round.
      const urgent = this.#eligible.first;
      const late = urgent !== undefined && turn.start + this.#shortest >= urgent.deadline;
      if (late && !(turn.start === urgent.start && longerWaiting(turn, urgent))) break;
      this.#waiting.delete(turn);
      this.#eligible.push(turn);
    }
    return this.#eligible.first;
  }

  #enqueue(turn: Turn<T>): void {
    turn.start = turn.pace.start;
    turn.deadline = turn.pace.deadline;
    this.#waiting.push(turn);
  }

  #enter(turn: Turn<T>): void {
    const { parts, start } = turn.pace;
    this.#shortest = Math.min(this.#shortest, Math.ceil(distanceOf(parts)));
    this.#retime(this.#parts + parts, ((start - this.#time.start) * parts) / (this.#parts + parts));
    this.#enqueue(turn);
  }

  #leave(turn: Turn<T>): void {
    const { parts, start } = turn.pace;
    (this.#waiting.has(turn) ? this.#waiting : this.#eligible).delete(turn);
    const left = this.#parts - parts;
    this.#retime(left, left === 0 ? 0 : ((this.#time.start - start) * parts) / left);
  }

  #retime(parts: number, shift: number): void {
    this.#parts = parts;
    this.#time.restart(this.#time.start + Math.round(shift), Math.max(1, parts));
  }

  #scaled(start: number, from: number, to: number): number {
    const now = this.#time.start;
    return from === to ? start : now + Math.round(((start - now) * from) / to);
  }

  #isHere(turn: Turn<T>): boolean {
    return turn.heapIndex >= 0;
  }
}

function longerWaiting<T extends Member>(a: Turn<T>, b: Turn<T>): boolean {
  return a.lastTurn === b.lastTurn ? a.member.order < b.member.order : a.lastTurn < b.lastTurn;
}
