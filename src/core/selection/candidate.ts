import type { ServiceInstance } from '../instance.js';

/** An instance that may be called. */
export interface Candidate {
  readonly instance: ServiceInstance;
  /** The part of its weight that it gets now, above 0 and at most 1; less than 1 only while it starts slowly. */
  readonly share: number;
}

/** Why an instance of a snapshot is not called, in the order in which it is asked. The strings are stable. */
export const dropReasons = ['superseded', 'draining', 'filtered', 'zone', 'subset'] as const;

/**
 * - `superseded`: a newer record leads to the same address.
 * - `draining`: its weight is 0, it asks for no calls.
 * - `filtered`: the filter does not want it.
 * - `zone`: other zones are preferred and suffice.
 * - `subset`: this client calls others.
 */
export type DropReason = (typeof dropReasons)[number];

export interface Dropped {
  readonly instance: ServiceInstance;
  readonly reason: DropReason;
  /** The same in words. */
  readonly detail: string;
}

/** What is told of an instance as to whether it can take calls; `undefined` or no such function: nothing is known, which counts as healthy. */
export type IsHealthy = (instance: ServiceInstance) => boolean | undefined;

const whole = new WeakMap<ServiceInstance, Candidate>();

/** The same object for the same instance, as nearly every candidate has its whole share in every selection. */
export function wholeCandidate(instance: ServiceInstance): Candidate {
  let candidate = whole.get(instance);
  if (candidate === undefined) {
    candidate = Object.freeze({ instance, share: 1 });
    whole.set(instance, candidate);
  }
  return candidate;
}
