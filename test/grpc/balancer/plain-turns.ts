import { distanceOf, Pace, partsOf } from '../../../src/grpc/balancer/pace.js';
import type { Member } from '../../../src/grpc/balancer/strategy.js';

interface PlainTurn {
  readonly member: Member;
  readonly pace: Pace;
  lastTurn: number;
}

/** The rules of `TurnScheduler` in their plainest form: one list, looked through for each turn. */
export class PlainTurns {
  readonly #known = new Map<Member, PlainTurn>();
  readonly #time = new Pace(1, 0);
  #here: PlainTurn[] = [];
  #count = 0;

  add(member: Member): void {
    const parts = partsOf(member.weight);
    const known = this.#known.get(member);
    const turn = known ?? { member, pace: new Pace(1, 0), lastTurn: 0 };
    this.#known.set(member, turn);
    const place = this.#scaled(turn.pace, parts);
    const next = this.#nextInLine();
    const beside = next === undefined ? this.#time.start : this.#scaled(next.pace, parts);
    const latest = this.#time.start + Math.ceil(distanceOf(parts));
    if (known === undefined || place < beside) {
      if (next?.pace.parts === parts) turn.pace.join(next.pace);
      else turn.pace.restart(beside, parts);
    } else if (parts !== turn.pace.parts || place > latest) {
      turn.pace.restart(Math.min(place, latest), parts);
    }
    this.#enter(turn);
  }

  remove(member: Member): void {
    this.#leave(this.#known.get(member)!);
  }

  reweigh(member: Member): void {
    const turn = this.#known.get(member)!;
    const parts = partsOf(member.weight);
    if (parts === turn.pace.parts) return;
    const start = this.#scaled(turn.pace, parts);
    this.#leave(turn);
    turn.pace.restart(start, parts);
    this.#enter(turn);
  }

  next(): Member | undefined {
    const turn = this.#nextInLine();
    if (turn === undefined) return undefined;
    turn.pace.advance();
    turn.lastTurn = ++this.#count;
    this.#time.advance();
    return turn.member;
  }

  #nextInLine(): PlainTurn | undefined {
    if (this.#here.length === 0) return undefined;
    const soonest = Math.min(...this.#here.map(({ pace }) => pace.start));
    if (this.#time.start < soonest) this.#time.restart(soonest);
    const eligible = this.#here.filter(({ pace }) => pace.start <= this.#time.start);
    // Rounding sets turns of one weight a tick apart, so that a later one may have the same deadline: it is behind all the same.
    const firsts = eligible.filter((turn) => !eligible.some((other) => other.pace.parts === turn.pace.parts && other.pace.start < turn.pace.start));
    return firsts.sort((a, b) => a.pace.deadline - b.pace.deadline || a.lastTurn - b.lastTurn || a.member.order - b.member.order)[0];
  }

  #enter(turn: PlainTurn): void {
    const { parts, start } = turn.pace;
    const total = this.#parts() + parts;
    this.#retime(total, ((start - this.#time.start) * parts) / total);
    this.#here.push(turn);
  }

  #leave(turn: PlainTurn): void {
    const { parts, start } = turn.pace;
    this.#here = this.#here.filter((each) => each !== turn);
    const left = this.#parts();
    this.#retime(left, left === 0 ? 0 : ((this.#time.start - start) * parts) / left);
  }

  #parts(): number {
    return this.#here.reduce((sum, { pace }) => sum + pace.parts, 0);
  }

  #retime(parts: number, shift: number): void {
    this.#time.restart(this.#time.start + Math.round(shift), Math.max(1, parts));
  }

  #scaled({ start, parts }: Pace, to: number): number {
    const now = this.#time.start;
    return parts === to ? start : now + Math.round(((start - now) * parts) / to);
  }
}
