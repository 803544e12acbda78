import { RollcallError } from '../errors.js';
import type { ServiceInstance } from '../instance.js';
import { number, type OptionSpecs, parseOptions, text } from '../options.js';
import { quote } from '../quote.js';
import type { IsHealthy } from './candidate.js';
import { asPlainObject } from './plain-object.js';
import type { SubsetRanks } from './subset-ranks.js';
import type { ZoneRule } from './zone.js';

/**
 * Calls only some of the instances of a large service, so that not every client holds a connection to every server. Which ones depends on
 * nothing but the client's key and the instances' ids (rendezvous hashing): the same after a restart, no two clients agree on it, and one
 * instance more or less changes one choice or none.
 *
 * Weights play no part in the choice: the policy honours them among the chosen, and twice would be squared.
 */
export interface Subset {
  /** How many healthy instances this client calls. */
  readonly size: number;
  /** Who this client is; clients with the same key call the same instances. Default: the channel's own. */
  readonly key?: string | undefined;
}

export interface SubsetRule {
  readonly size: number;
  readonly key: string | undefined;
}

/**
 * The first in the client's ranking, as far down as it takes to have `size` healthy ones. Unhealthy ones on the way stay in, so that their
 * recovery is seen, but do not count. At most twice the size, or eight more: if a whole service fails, that is not to be answered with thousands of connections.
 * @returns `undefined` if all are chosen.
 */
export function chooseSubset(
  instances: readonly ServiceInstance[],
  { size }: SubsetRule,
  ranks: SubsetRanks,
  isHealthy: IsHealthy | undefined,
): ReadonlySet<ServiceInstance> | undefined {
  if (instances.length <= size) return undefined;
  const chosen = new Set<ServiceInstance>();
  let healthy = 0;
  for (const instance of ranks.first(instances, Math.max(size * 2, size + 8))) {
    chosen.add(instance);
    if (isHealthy?.(instance) !== false) healthy++;
    if (healthy === size) break;
  }
  return chosen.size === instances.length ? undefined : chosen;
}

/**
 * A subset of the local zone, of each fallback zone and of all others, each by itself: the one of a zone stays the same and stays connected whatever
 * other zones are called besides. One subset across zones would let go of the unhealthy ones that made calls spill over, and forget that they are.
 */
export function chooseInZones(
  instances: readonly ServiceInstance[],
  rule: SubsetRule,
  zone: ZoneRule | undefined,
  ranks: SubsetRanks,
  isHealthy: IsHealthy | undefined,
): ReadonlySet<ServiceInstance> | undefined {
  if (zone === undefined) return chooseSubset(instances, rule, ranks, isHealthy);
  const apart = new Set([zone.local, ...zone.fallback]);
  const groups = new Map<string | undefined, ServiceInstance[]>();
  for (const instance of instances) {
    const name = instance.zone !== undefined && apart.has(instance.zone) ? instance.zone : undefined;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [instance]);
    else group.push(instance);
  }
  const chosen = new Set([...groups.values()].flatMap((group) => [...(chooseSubset(group, rule, ranks, isHealthy) ?? group)]));
  return chosen.size === instances.length ? undefined : chosen;
}

/** @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION */
export function parseSubset(raw: unknown, of: string): SubsetRule {
  const here = `the subset of ${of}`;
  const given = typeof raw === 'number' || typeof raw === 'string' ? { size: raw } : asPlainObject(raw);
  if (given === undefined) throw new RollcallError('INVALID_CONFIG', `${here} is ${quote(raw)}, not its size or an object with "size"`);
  const { size, key } = parseOptions(subsetSpecs, given, here);
  if (size === undefined) throw new RollcallError('INVALID_CONFIG', `${here} has no "size"`);
  return Object.freeze({ size, key });
}

const subsetSpecs = {
  size: number<number | undefined>({ describe: 'how many healthy instances are called', fallback: undefined, min: 1, max: 1_000_000, whole: true }),
  key: text<string | undefined>({ describe: 'who this client is', fallback: undefined }),
} satisfies OptionSpecs;
