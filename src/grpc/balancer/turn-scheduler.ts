import { Lane } from './lane.js';
import { LaneOrder } from './lane-order.js';
import { distanceOf, Pace, partsOf } from './pace.js';
import type { Member } from './strategy.js';
import { Turn } from './turn.js';

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
  /** Those of one weight together, by parts; none is empty. */
  readonly #lanes = new Map<number, Lane<T>>();
  readonly #order = new LaneOrder<T>();
  /** Also of those that are away. */
  readonly #turns = new WeakMap<T, Turn<T>>();
  /** What the time is for all together: the mean of their starts by weight. It paces like a member that has every turn. */
  readonly #time = new Pace(1, 0);
  #size = 0;
  #parts = 0;
  #count = 0;

  get size(): number {
    return this.#size;
  }

  add(member: T): void {
    const known = this.#turns.get(member);
    if (known?.here === true) return;
    const parts = partsOf(member.weight);
    const turn = known ?? new Turn(member);
    if (known === undefined) {
      this.#turns.set(member, turn);
      this.#welcome(turn, parts);
    } else {
      this.#welcomeBack(turn, parts);
    }
    this.#enter(turn);
  }

  remove(member: T): void {
    const turn = this.#turns.get(member);
    if (turn?.here === true) this.#leave(turn);
  }

  reweigh(member: T): void {
    const turn = this.#turns.get(member);
    const parts = partsOf(member.weight);
    if (turn?.here !== true || parts === turn.parts) return;
    // What it is owed, or has had in advance, stays the same number of turns: so time stays what it is.
    const start = this.#scaled(turn.start, turn.parts, parts);
    this.#leave(turn);
    turn.restart(start, parts);
    this.#enter(turn);
  }

  next(): T | undefined {
    const lane = this.#order.next(this.#time);
    const turn = lane?.first;
    if (lane === undefined || turn === undefined) return undefined;
    lane.delete(turn);
    turn.advance();
    turn.lastTurn = ++this.#count;
    lane.add(turn);
    this.#time.advance();
    this.#order.place(lane, this.#time.start);
    return turn.member;
  }

  /** Beside the next in line. */
  #welcome(turn: Turn<T>, parts: number): void {
    const next = this.#order.next(this.#time)?.first;
    if (next === undefined) turn.restart(this.#time.start, parts);
    else if (next.parts === parts) turn.join(next);
    else turn.restart(this.#scaled(next.start, next.parts, parts), parts);
  }

  /** Its place is kept, unless everybody has had turns since: it is owed none for the time it was away. */
  #welcomeBack(turn: Turn<T>, parts: number): void {
    const before = turn.parts;
    const place = this.#scaled(turn.start, before, parts);
    const next = this.#order.next(this.#time)?.first;
    const earliest = next === undefined ? this.#time.start : this.#scaled(next.start, next.parts, parts);
    const latest = this.#time.start + Math.ceil(distanceOf(parts));
    if (place < earliest) this.#welcome(turn, parts);
    else if (parts !== before || place > latest) turn.restart(Math.min(place, latest), parts);
  }

  #enter(turn: Turn<T>): void {
    const { parts, start } = turn;
    this.#retime(this.#parts + parts, ((start - this.#time.start) * parts) / (this.#parts + parts));
    let lane = this.#lanes.get(parts);
    if (lane === undefined) this.#lanes.set(parts, (lane = new Lane<T>(parts)));
    lane.add(turn);
    turn.here = true;
    this.#size++;
    if (lane.first === turn) this.#order.place(lane, this.#time.start);
  }

  #leave(turn: Turn<T>): void {
    const { parts, start } = turn;
    const lane = this.#lanes.get(parts) as Lane<T>;
    const wasFirst = lane.first === turn;
    lane.delete(turn);
    turn.here = false;
    this.#size--;
    if (wasFirst) this.#order.place(lane, this.#time.start);
    if (lane.first === undefined) this.#lanes.delete(parts);
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
}
