import { custom, number, type Option, oneOf, type OptionSpecs, type OptionValues, parseOptions } from '../options.js';
import type { Seconds } from '../ports.js';

/**
 * What to do when the backend says something that is more likely a fault than the truth. All are off by default: the registry is what
 * clients are told to believe, and each guard keeps calling servers that may be gone, which is for whoever runs them to want.
 */
export interface GuardOptions {
  /**
   * The backend is well and says that a service has no instances any more. `fail` (the default): so it is, calls fail at once and say so.
   * `keep`: the ones last known are kept for `holdFor`; for backends that lose their data, or are emptied by mistake.
   */
  readonly onEmpty?: 'fail' | 'keep' | undefined;
  /**
   * The part of a service's instances that may vanish at once, from 0 to 1; when it shrinks by more, those that vanished are kept for
   * `holdFor`. Default 1: never. 0.5 suits a service that is not scaled in by more than half in a moment: then a mass loss is a fault,
   * such as leases that ran out because servers could not reach the backend, while clients still could reach the servers.
   *
   * What newcomers make up for is no loss, a single instance is none either (2 → 1 passes), and so is a scaling in that goes step by step.
   */
  readonly maxLoss?: number | undefined;
  /**
   * What counts as at once: leases of servers that are cut off together expire within a third of their TTL of each other, as each was pinged at
   * another moment. Default 2 s, which suits the default TTL of 5 s; give a little more than TTL / 3 for a longer one. 0: from one snapshot to the next.
   */
  readonly lossWindow?: Seconds | undefined;
  /**
   * How long removals are held back. Default 30 s: servers that lost their leases have written themselves again by then, several times
   * over. Kept ones that are really gone cost little, since a connection that cannot be made is passed over; but for ever, with addresses
   * that are given out again, calls would reach servers of other services.
   */
  readonly holdFor?: Seconds | 'forever' | undefined;
  /**
   * How long the instances last known are used while the backend is in trouble; after that calls fail. Default `forever`: servers do not
   * depend on the registry to answer calls, so neither should clients. Give a bound where a wrong server is worse than none.
   */
  readonly staleBudget?: Seconds | 'forever' | undefined;
}

/** All of them, checked. Times are in seconds, `Infinity` for `forever`. */
export type GuardRules = OptionValues<typeof guardSpecs>;

const longest = 2_592_000;

/** For those who parse them together with options of their own. */
export const guardSpecs = {
  onEmpty: oneOf(['fail', 'keep'], { describe: 'when the backend says that a service has no instances any more', fallback: 'fail' }),
  maxLoss: number({ describe: 'the part of the instances that may vanish at once', fallback: 1, min: 0, max: 1 }),
  lossWindow: number({ describe: 'what counts as at once', fallback: 2, min: 0, max: 3600, unit: 'seconds' }),
  holdFor: secondsOrForever({ describe: 'how long removals are held back', fallback: 30, min: 0.1 }),
  staleBudget: secondsOrForever({ describe: 'how long the instances last known are used while the backend is in trouble', fallback: Infinity, min: 0 }),
} satisfies OptionSpecs;

/**
 * @param raw these options only
 * @param of whose they are, for messages: `registerResolver`
 * @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION
 */
export function parseGuardOptions(raw: Readonly<Record<string, unknown>> | GuardOptions, of: string): GuardRules {
  return parseOptions(guardSpecs, raw as Readonly<Record<string, unknown>>, of);
}

function secondsOrForever({ min, ...option }: { readonly describe: string; readonly fallback: number; readonly min: number }): Option<number> {
  const seconds = number({ ...option, min, max: longest, unit: 'seconds' });
  return custom({ ...seconds, expects: `${seconds.expects}, or forever`, parse: (value) => (value === 'forever' ? Infinity : seconds.parse(value)) });
}
