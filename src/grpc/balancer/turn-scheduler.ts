import { KeyedHeap } from './keyed-heap.js';
import { Lane } from './lane.js';
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
  /** Lanes in which nobody's turn has come yet; soonest first. */
  readonly #waiting = new KeyedHeap<Lane<T>>(hasWaitedLonger);
  /** Lanes in which somebody may have a turn; most urgent first. */
  readonly #eligible = new KeyedHeap<Lane<T>>(hasWaitedLonger);
  /** Also of those that are away. */
  readonly #turns = new WeakMap<T, Turn<T>>();
  /** What the time is for all together: the mean of their starts by weight. It paces like a member that has every turn. */
  readonly #time = new Pace(1, 0);
  #size = 0;
  #parts = 0;
  /** The least distance between two turns of anybody up to now. */
  #shortest = Infinity;
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
    const lane = this.#nextLane();
    const turn = lane?.first;
    if (lane === undefined || turn === undefined) return undefined;
    lane.delete(turn);
    turn.advance();
    turn.lastTurn = ++this.#count;
    lane.add(turn);
    this.#time.advance();
    this.#replace(lane);
    return turn.member;
  }

  /** Beside the next in line. */
  #welcome(turn: Turn<T>, parts: number): void {
    const next = this.#nextLane()?.first;
    if (next === undefined) turn.restart(this.#time.start, parts);
    else if (next.parts === parts) turn.join(next);
    else turn.restart(this.#scaled(next.start, next.parts, parts), parts);
  }

  /** Its place is kept, unless everybody has had turns since: it is owed none for the time it was away. */
  #welcomeBack(turn: Turn<T>, parts: number): void {
    const before = turn.parts;
    const place = this.#scaled(turn.start, before, parts);
    const next = this.#nextLane()?.first;
    const earliest = next === undefined ? this.#time.start : this.#scaled(next.start, next.parts, parts);
    const latest = this.#time.start + Math.ceil(distanceOf(parts));
    if (place < earliest) this.#welcome(turn, parts);
    else if (parts !== before || place > latest) turn.restart(Math.min(place, latest), parts);
  }

  /** Whose first may have a turn and has the earliest deadline; moves those on whose turn has come. */
  #nextLane(): Lane<T> | undefined {
    const [waiting, eligible] = [this.#waiting, this.#eligible];
    // Time goes back a little when one leaves that was behind the others, or comes.
    for (let lane = eligible.first; lane !== undefined && startOf(lane) > this.#time.start; lane = eligible.first) {
      eligible.delete(lane);
      waiting.push(lane, startOf(lane));
    }
    // Rounding may let time lag behind by a tick; somebody is always next.
    if (eligible.size === 0 && waiting.first !== undefined && this.#time.start < startOf(waiting.first)) this.#time.restart(startOf(waiting.first));
    for (let lane = waiting.first; lane !== undefined && startOf(lane) <= this.#time.start; lane = waiting.first) {
      // Whoever starts this late cannot have the earlier deadline: with nearly equal weights one is moved at a time, not a whole round.
      const urgent = eligible.first;
      const late = urgent !== undefined && startOf(lane) + this.#shortest >= deadlineOf(urgent);
      if (late && !(startOf(lane) === startOf(urgent) && hasWaitedLonger(lane, urgent))) break;
      waiting.delete(lane);
      eligible.push(lane, deadlineOf(lane));
    }
    return eligible.first;
  }
  #enter(turn: Turn<T>): void {
    const { parts, start } = turn;
    this.#shortest = Math.min(this.#shortest, Math.ceil(distanceOf(parts)));
    this.#retime(this.#parts + parts, ((start - this.#time.start) * parts) / (this.#parts + parts));
    let lane = this.#lanes.get(parts);
    if (lane === undefined) this.#lanes.set(parts, (lane = new Lane<T>(parts)));
    lane.add(turn);
    turn.here = true;
    this.#size++;
    if (lane.first === turn) this.#replace(lane);
  }

  #leave(turn: Turn<T>): void {
    const { parts, start } = turn;
    const lane = this.#lanes.get(parts) as Lane<T>;
    const wasFirst = lane.first === turn;
    lane.delete(turn);
    turn.here = false;
    this.#size--;
    if (wasFirst) this.#replace(lane);
    const left = this.#parts - parts;
    this.#retime(left, left === 0 ? 0 : ((this.#time.start - start) * parts) / left);
  }

  /** Puts a lane where it belongs now that somebody else is its first, or nobody. */
  #replace(lane: Lane<T>): void {
    const { first } = lane;
    const may = first !== undefined && first.start <= this.#time.start;
    if (may && this.#eligible.has(lane)) {
      this.#eligible.rekey(lane, first.deadline);
      return;
    }
    if (this.#eligible.has(lane)) this.#eligible.delete(lane);
    else if (this.#waiting.has(lane)) this.#waiting.delete(lane);
    if (first === undefined) this.#lanes.delete(lane.parts);
    else this.#waiting.push(lane, first.start);
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

function startOf<T extends Member>(lane: Lane<T>): number {
  return (lane.first as Turn<T>).start;
}

function deadlineOf<T extends Member>(lane: Lane<T>): number {
  return (lane.first as Turn<T>).deadline;
}

function hasWaitedLonger<T extends Member>(a: Lane<T>, b: Lane<T>): boolean {
  return (a.first as Turn<T>).hasWaitedLongerThan(b.first as Turn<T>);
}
