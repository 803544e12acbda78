import { RollcallError } from '../../core/errors.js';
import { quote } from '../../core/quote.js';
import { policies } from './policies.js';

export interface WeighedInstance {
  readonly id: string;
  readonly weight: number;
  /** The part of its weight that it gets now, in (0, 1]. */
  readonly share: number;
}

/**
 * Which fraction of the calls each instance is to get, by id; together 1, and 0 for each where nobody gets any. For `rollcall_least_request` it is
 * so while they are equally fast, for `rollcall_ring_hash` on average over many keys.
 * @param policy its name in a service config: "rollcall_round_robin"
 * @throws RollcallError INVALID_CONFIG for a policy that is not of this package: it knows nothing of weights.
 */
export function expectedShares(policy: string, instances: readonly WeighedInstance[]): Map<string, number> {
  const known = policies.find(({ name }) => name === policy);
  if (known === undefined) {
    throw new RollcallError('INVALID_CONFIG', `${quote(policy)} is not a policy of this package; those are ${policies.map(({ name }) => name).join(', ')}`);
  }
  const weights = instances.map(({ id, weight, share }) => [id, weight === 0 ? 0 : known.weigh(weight, share)] as const);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return new Map(weights.map(([id, weight]) => [id, total === 0 ? 0 : weight / total]));
}
