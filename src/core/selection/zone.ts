import { RollcallError } from '../errors.js';
import type { ServiceInstance } from '../instance.js';
import { custom, number, type OptionSpecs, parseOptions, text } from '../options.js';
import { quote } from '../quote.js';
import type { IsHealthy } from './candidate.js';
import { asPlainObject } from './plain-object.js';

/**
 * Calls stay in the local zone while it can carry them. Otherwise they spill over: the local instances and those of the first
 * fallback zone are called alike, then also those of the next one, until together they are enough; in the end all, zone or no zone.
 */
export interface ZonePreference {
  /** The zone of this client. */
  readonly local: string;
  /** Zones to spill to before all others, nearest first. Default: none. */
  readonly fallback?: readonly string[] | undefined;
  /**
   * How many healthy instances are enough, at the least. Default 1. What has left the registry is counted nowhere, so give here what
   * the clients of one zone need.
   */
  readonly minHealthy?: number | undefined;
  /**
   * How many of those registered in the local zone must be healthy, in percent. Default 50, so that the last one of ten is not given
   * the calls of all ten. (Envoy spills below 71: an overprovisioning factor of 1.4.)
   */
  readonly minHealthyPercent?: number | undefined;
}

export interface ZoneRule {
  readonly local: string;
  readonly fallback: readonly string[];
  readonly minHealthy: number;
  readonly minHealthyPercent: number;
}

export interface ZoneChoice {
  /** `undefined`: all, with those that are in no zone. */
  readonly zones: ReadonlySet<string> | undefined;
  /** In words: `zone "a" has 3 healthy of 3`. */
  readonly detail: string;
  /** Whether other zones than the local one are called. */
  readonly spilled: boolean;
}

/** Which zones are called. It looks at nothing but its arguments: as health comes and goes, so does the spilling. */
export function chooseZones(instances: readonly ServiceInstance[], rule: ZoneRule, isHealthy: IsHealthy | undefined, atMost = Infinity): ZoneChoice {
  const { local, fallback, minHealthyPercent } = rule;
  const minHealthy = Math.min(rule.minHealthy, atMost);
  const healthy = new Map<string, number>([[local, 0], ...fallback.map((zone): [string, number] => [zone, 0])]);
  let registered = 0;
  for (const instance of instances) {
    const { zone } = instance;
    if (zone === undefined) continue;
    if (zone === local) registered++;
    const count = healthy.get(zone);
    if (count !== undefined && isHealthy?.(instance) !== false) healthy.set(zone, count + 1);
  }
  const enough = Math.max(minHealthy, Math.ceil((registered * minHealthyPercent) / 100));
  const detail = `zone ${quote(local)} has ${healthy.get(local) ?? 0} healthy of ${registered}`;
  const zones = new Set<string>();
  let found = 0;
  for (const [zone, count] of healthy) {
    zones.add(zone);
    found += count;
    if (found < enough) continue;
    const spilled = zones.size > 1;
    return { zones, spilled, detail: spilled ? `${detail}, ${enough} are needed; with ${[...zones].slice(1).map(quote).join(', ')} there are ${found}` : detail };
  }
  return { zones: undefined, spilled: true, detail: `${detail}, ${enough} are needed; all zones are called` };
}

/** @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION */
export function parseZone(raw: unknown, of: string): ZoneRule {
  const here = `the zone preference of ${of}`;
  const given = typeof raw === 'string' ? { local: raw } : asPlainObject(raw);
  if (given === undefined) throw new RollcallError('INVALID_CONFIG', `${here} is ${quote(raw)}, not the name of the local zone or an object with "local"`);
  const { local, ...rest } = parseOptions(zoneSpecs, given, here);
  if (local === undefined) throw new RollcallError('INVALID_CONFIG', `${here} has no "local", the zone of this client`);
  if (rest.fallback.includes(local)) throw new RollcallError('INVALID_CONFIG', `"fallback" of ${here} names the local zone ${quote(local)}`);
  return Object.freeze({ local, ...rest });
}

const zoneSpecs = {
  local: text<string | undefined>({ describe: 'the zone of this client', fallback: undefined }),
  fallback: custom<readonly string[]>({
    describe: 'zones to spill to before all others, nearest first',
    expects: 'a list of different zones',
    fallback: Object.freeze([]),
    parse(value) {
      if (!Array.isArray(value) || new Set(value).size !== value.length) return undefined;
      return value.every((zone) => typeof zone === 'string' && zone !== '') ? Object.freeze([...(value as string[])]) : undefined;
    },
  }),
  minHealthy: number({ describe: 'how many healthy instances are enough', fallback: 1, min: 1, max: 1_000_000, whole: true }),
  minHealthyPercent: number({ describe: 'how many of the local zone must be healthy, in percent', fallback: 50, min: 0, max: 100 }),
} satisfies OptionSpecs;
