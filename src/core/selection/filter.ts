import { RollcallError, toRollcallError } from '../errors.js';
import type { ServiceInstance } from '../instance.js';
import { nearest } from '../options.js';
import { quote } from '../quote.js';
import { parsePattern, shown, type TextPattern } from './pattern.js';
import { asPlainObject } from './plain-object.js';

/** A value, or a list of which one must match: `1.4.0`, `1.4.*`, `!1.4.3` (see TextPattern). */
export type TextMatch = string | readonly string[];

/** What an instance must have: every field that is given must match, one that is `undefined` is not given. */
export interface InstanceMatch {
  readonly version?: TextMatch | undefined;
  readonly zone?: TextMatch | undefined;
  /** By key. `{ lane: '!canary' }` also matches an instance without that key. */
  readonly metadata?: Readonly<Record<string, TextMatch | undefined>> | undefined;
}

/**
 * Which instances may be called at all: a description, or a function that says true or false, and the same for the same instance.
 * An instance for which the function throws, or gives anything else, is left out: to call what nobody asked for is the worse mistake
 * (production from a canary's client), and one odd record must not take the others with it. `detail` says what happened.
 */
export type InstanceFilter = InstanceMatch | ((instance: ServiceInstance) => boolean);

/** A filter that was checked and is ready for use. */
export interface ParsedFilter {
  /** For messages: `version 1.4.* and metadata lane=canary`. */
  readonly description: string;
  /** Why the instance is left out; `undefined` if it matches. */
  reject(instance: ServiceInstance): string | undefined;
}

interface Condition {
  readonly description: string;
  readonly pattern: TextPattern;
  readonly read: (instance: ServiceInstance) => string | undefined;
  readonly rejection: string;
}

/**
 * @param of whose filter it is, for messages: `registerResolver`
 * @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION
 */
export function parseFilter(raw: unknown, of: string): ParsedFilter {
  if (typeof raw === 'function') return predicateFilter(raw as (instance: ServiceInstance) => unknown);
  const match = asPlainObject(raw);
  const here = `the filter of ${of}`;
  if (match === undefined) throw new RollcallError('INVALID_CONFIG', `${here} is ${quote(raw)}, not an object with version, zone and metadata, or a function`);
  const conditions: Condition[] = [];
  for (const [key, value] of Object.entries(match)) {
    if (key !== 'version' && key !== 'zone' && key !== 'metadata') {
      const near = nearest(key, ['version', 'zone', 'metadata']);
      const hint = near === undefined ? '.' : `; did you mean ${quote(near)}?`;
      throw new RollcallError('UNKNOWN_OPTION', `unknown field ${quote(key)} of ${here}${hint} Known are version, zone and metadata: { key: value }`);
    }
    if (value === undefined) continue;
    if (key === 'metadata') conditions.push(...metadataConditions(value, here));
    else conditions.push(condition(key, ' ', parsePattern(value, `${quote(key)} of ${here}`), (instance) => instance[key]));
  }
  return matchFilter(conditions);
}

function metadataConditions(raw: unknown, of: string): Condition[] {
  const metadata = asPlainObject(raw);
  if (metadata === undefined) throw new RollcallError('INVALID_CONFIG', `"metadata" of ${of} is ${quote(raw)}, not an object of texts`);
  const given = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) =>
    condition(`metadata ${shown(key)}`, '=', parsePattern(value, `metadata ${quote(key)} of ${of}`), ({ metadata: own }) => {
      // A key such as "toString" finds a function on every object.
      const found: unknown = own[key];
      return typeof found === 'string' ? found : undefined;
    }),
  );
}

function condition(name: string, joint: string, pattern: TextPattern, read: Condition['read']): Condition {
  return { description: `${name}${joint}${pattern.description}`, pattern, read, rejection: `${name} does not match ${pattern.description}` };
}

function matchFilter(conditions: readonly Condition[]): ParsedFilter {
  return {
    description: conditions.length === 0 ? 'anything' : conditions.map(({ description }) => description).join(' and '),
    reject(instance) {
      for (const { pattern, read, rejection } of conditions) {
        if (!pattern.matches(read(instance))) return rejection;
      }
      return undefined;
    },
  };
}

function predicateFilter(predicate: (instance: ServiceInstance) => unknown): ParsedFilter {
  const name = predicate.name === '' || predicate.name === 'filter' ? 'a function' : `the function ${shown(predicate.name)}`;
  return {
    description: name,
    reject(instance) {
      let verdict: unknown;
      try {
        verdict = predicate(instance);
      } catch (error) {
        return `${name} threw: ${toRollcallError(error).message}`;
      }
      if (verdict === true) return undefined;
      // A promise, from an async function, would pass for a yes.
      return verdict === false ? `${name} says no` : `${name} gave ${quote(verdict)}, not true or false`;
    },
  };
}
