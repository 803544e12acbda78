import { RollcallError } from '../errors.js';
import { number, type OptionSpecs, parseOptions } from '../options.js';
import type { Seconds } from '../ports.js';
import { quote } from '../quote.js';
import { asPlainObject } from './plain-object.js';

/**
 * A newcomer gets a part of its weight that grows to the whole over the window, while its caches and its compiler warm up. As Envoy's
 * slow start: max(minShare, (age / window) ^ (1 / aggression)).
 */
export interface SlowStart {
  /** How long a newcomer is one. */
  readonly window: Seconds;
  /** The part it begins with, above 0. Default 0.1. */
  readonly minShare?: number | undefined;
  /** 1 (the default) grows evenly, more grows faster at first, less grows slower at first. */
  readonly aggression?: number | undefined;
}

export interface SlowStartRule {
  readonly window: Seconds;
  readonly minShare: number;
  readonly aggression: number;
}

/** The shares of a newcomer, step by step: constant within a step, so that an update in between changes nothing. */
export interface SlowStartSteps {
  readonly stepMs: number;
  /** By number of whole steps since it came; after the last it is 1. */
  readonly shares: readonly number[];
}

const stepsPerWindow = 20;
const shortestStepMs = 100;

export function slowStartSteps({ window, minShare, aggression }: SlowStartRule): SlowStartSteps {
  const windowMs = window * 1000;
  // A whole number, so that the sums of it are exact and a timer set for a step finds that step begun.
  const stepMs = Math.max(shortestStepMs, Math.ceil(windowMs / stepsPerWindow));
  const count = Math.ceil(windowMs / stepMs);
  const shares = Array.from({ length: count }, (_, step) => {
    const grown = ((step * stepMs) / windowMs) ** (1 / aggression);
    return Math.max(minShare, Math.round(grown * 1000) / 1000);
  });
  return { stepMs, shares };
}

/** @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION */
export function parseSlowStart(raw: unknown, of: string): SlowStartRule {
  const here = `the slow start of ${of}`;
  const given = typeof raw === 'number' || typeof raw === 'string' ? { window: raw } : asPlainObject(raw);
  if (given === undefined) throw new RollcallError('INVALID_CONFIG', `${here} is ${quote(raw)}, not its window in seconds or an object with "window"`);
  const { window, ...rest } = parseOptions(slowStartSpecs, given, here);
  if (window === undefined) throw new RollcallError('INVALID_CONFIG', `${here} has no "window", in seconds`);
  return Object.freeze({ window, ...rest });
}

const slowStartSpecs = {
  window: number<number | undefined>({ describe: 'how long a newcomer is one', fallback: undefined, min: 0.1, max: 86_400, unit: 'seconds' }),
  minShare: number({ describe: 'the part of its weight that a newcomer begins with', fallback: 0.1, min: 0.001, max: 1 }),
  aggression: number({ describe: 'how fast the share grows at first', fallback: 1, min: 0.1, max: 10 }),
} satisfies OptionSpecs;
