import type { Random } from '../../core/random.js';
import { IdleQueue } from './idle-queue.js';
import type { CallFollower, Member, Strategy } from './strategy.js';
import { WeightedDraw } from './weighted-draw.js';

interface Load<T> {
  readonly member: T;
  /** Calls picked for that have not started, and those under way. */
  calls: number;
  /** The burst in which it was picked last. */
  burst: number;
  slot: number;
  parts: number;
  place: number;
}

export interface LeastRequestDeps {
  readonly choiceCount: number;
  readonly random: Random;
  /** Runs something when this turn of the event loop is over. Default: setImmediate. */
  readonly defer?: (callback: () => void) => void;
}

/**
 * The least loaded of `choiceCount` instances, drawn by weight. Loads are compared as (calls + 1) / weight; between idle ones the draw alone
 * decides, so at low load calls follow the weights.
 *
 * Chance may draw busy ones only. So an idle one that would be less loaded is taken instead, and so is any idle one rather than have an instance
 * picked twice in one burst (one turn of the event loop): after as many calls as there are instances nobody is idle.
 *
 * grpc-js says that a call has started some time after the pick, or never: it was cancelled meanwhile, or is picked for again. So each pick
 * counts at once, and stops counting at the end of the burst unless it started; one that starts later counts again from then on.
 */
export class LeastRequestStrategy<T extends Member> implements Strategy<T> {
  readonly #choiceCount: number;
  readonly #random: Random;
  readonly #defer: (callback: () => void) => void;
  readonly #draw = new WeightedDraw<Load<T>>();
  readonly #idle = new IdleQueue<Load<T>>();
  /** Also of those that are away: their calls go on. */
  readonly #loads = new WeakMap<T, Load<T>>();
  /** Picked last: as a rule it is asked for right away how to follow the call. */
  #picked: Load<T> | undefined;
  #burst = 1;
  #unstarted: PendingCall<T>[] = [];

  constructor({ choiceCount, random, defer = (callback) => void setImmediate(callback) }: LeastRequestDeps) {
    this.#choiceCount = choiceCount;
    this.#random = random;
    this.#defer = defer;
  }

  get size(): number {
    return this.#draw.size;
  }

  add(member: T): void {
    let load = this.#loads.get(member);
    if (load === undefined) {
      load = { member, calls: 0, burst: 0, slot: -1, parts: 0, place: -1 };
      this.#loads.set(member, load);
    }
    if (load.slot >= 0) return;
    this.#draw.add(load, member.weight);
    if (load.calls === 0) this.#idle.push(load);
  }

  remove(member: T): void {
    const load = this.#loads.get(member);
    if (load === undefined || load.slot < 0) return;
    this.#draw.delete(load);
    this.#idle.delete(load);
  }

  reweigh(member: T): void {
    const load = this.#loads.get(member);
    if (load !== undefined && load.slot >= 0) this.#draw.reweigh(load, member.weight);
  }

  pick(): T | undefined {
    const drawn = this.#leastOfDrawn();
    if (drawn === undefined) return undefined;
    const idle = this.#idle.first;
    const insteadIdle = drawn.calls > 0 && idle !== undefined && (drawn.burst === this.#burst || loadOf(idle) < loadOf(drawn));
    this.#picked = insteadIdle ? idle : drawn;
    return this.#picked.member;
  }

  follow(member: T): CallFollower {
    const load = this.#picked?.member === member ? this.#picked : (this.#loads.get(member) as Load<T>);
    load.burst = this.#burst;
    const call = new PendingCall(load, this.#idle);
    // One timer for a whole burst.
    if (this.#unstarted.push(call) === 1) this.#defer(() => this.#endBurst());
    return call;
  }

  #leastOfDrawn(): Load<T> | undefined {
    let least = this.#draw.draw(this.#random());
    // An idle one is not compared with the next, whatever their weights: those have decided already.
    for (let drawn = 1; drawn < this.#choiceCount && least !== undefined && least.calls > 0; drawn++) {
      const other = this.#draw.draw(this.#random());
      if (other !== undefined && loadOf(other) < loadOf(least)) least = other;
    }
    return least;
  }

  #endBurst(): void {
    this.#burst++;
    const unstarted = this.#unstarted;
    this.#unstarted = [];
    for (const call of unstarted) call.expire();
  }
}

/** What the load would be with one call more. */
function loadOf({ calls, parts }: { readonly calls: number; readonly parts: number }): number {
  return (calls + 1) / parts;
}

/** One picked call; it counts while it is `pending` or `started`. An object and no closures, as there is one for each call. */
class PendingCall<T> implements CallFollower {
  readonly #load: Load<T>;
  readonly #idle: IdleQueue<Load<T>>;
  #state: 'pending' | 'expired' | 'started' | 'ended' = 'pending';

  constructor(load: Load<T>, idle: IdleQueue<Load<T>>) {
    this.#load = load;
    this.#idle = idle;
    this.#begin();
  }

  started(): void {
    if (this.#state === 'expired') this.#begin();
    if (this.#state === 'pending' || this.#state === 'expired') this.#state = 'started';
  }

  ended(): void {
    if (this.#state === 'pending' || this.#state === 'started') this.#end();
    this.#state = 'ended';
  }

  expire(): void {
    if (this.#state !== 'pending') return;
    this.#state = 'expired';
    this.#end();
  }

  #begin(): void {
    this.#load.calls++;
    this.#idle.delete(this.#load);
  }

  #end(): void {
    this.#load.calls--;
    if (this.#load.calls === 0 && this.#load.slot >= 0) this.#idle.push(this.#load);
  }
}
