/** One instance as a policy weighs it. */
export interface Weighed {
  readonly id: string;
  readonly weight: number;
  readonly share: number;
}

/** The fraction of calls that each instance gets in the long run, by id, if all are ready and equally fast. */
export function expectedShares(policy: string, instances: readonly Weighed[]): ReadonlyMap<string, number> {
  const parts = instances.map(({ id, weight, share }): [string, number] => [id, weight === 0 ? 0 : (policy.endsWith('_round_robin') && !policy.includes('weighted') ? 1 : weight) * share]);
  const sum = parts.reduce((total, [, part]) => total + part, 0);
  return new Map(parts.map(([id, part]) => [id, sum === 0 ? 0 : part / sum]));
}
