import type { ServiceInstance } from '../instance.js';
import { eachDifference } from '../list-differences.js';
import { type SlowStartRule, type SlowStartSteps, slowStartSteps } from './slow-start.js';

/**
 * Who came lately, and the share of each. Nobody of the first list is new: they served before this client looked. An instance that vanished
 * and came back is new, and so is one that moved to another address: another server.
 *
 * Times are milliseconds of any clock that only grows. All newcomers step at the same moments, so that fifty of them make no more updates than one.
 */
export class Newcomers {
  readonly #steps: SlowStartSteps;
  /** By id, the beginning of the step in which it came. */
  readonly #since = new Map<string, number>();
  #list: readonly ServiceInstance[] | undefined;

  constructor(rule: SlowStartRule) {
    this.#steps = slowStartSteps(rule);
  }

  /** To be told of every list, sorted by id, before shares are asked for. */
  observe(instances: readonly ServiceInstance[], now: number): void {
    const { stepMs, shares } = this.#steps;
    for (const [id, since] of this.#since) {
      if (now - since >= stepMs * shares.length) this.#since.delete(id);
    }
    const before = this.#list;
    this.#list = instances;
    if (before === undefined) return;
    const since = Math.floor(now / stepMs) * stepMs;
    eachDifference(before, instances, (old, current) => {
      if (current === undefined) this.#since.delete((old as ServiceInstance).id);
      else if (old?.address !== current.address) this.#since.set(current.id, since);
    });
  }

  /** Whether anybody may have less than the whole share. */
  get any(): boolean {
    return this.#since.size > 0;
  }

  shareOf(instance: ServiceInstance, now: number): number {
    const since = this.#since.get(instance.id);
    return since === undefined ? 1 : this.#shareAt(this.#step(since, now));
  }

  /** When the next of the shares changes; `undefined` if nobody is new. */
  nextChangeAt(now: number): number | undefined {
    let next = Infinity;
    for (const since of this.#since.values()) {
      let step = this.#step(since, now);
      const share = this.#shareAt(step);
      if (share === 1) continue;
      while (this.#shareAt(step) === share) step++;
      next = Math.min(next, since + step * this.#steps.stepMs);
    }
    return next === Infinity ? undefined : next;
  }

  #step(since: number, now: number): number {
    return Math.floor((now - since) / this.#steps.stepMs);
  }

  #shareAt(step: number): number {
    return this.#steps.shares[step] ?? 1;
  }
}
