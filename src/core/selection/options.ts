import { custom, type Option, parseOptions } from '../options.js';
import type { Seconds } from '../ports.js';
import { type InstanceFilter, type ParsedFilter, parseFilter } from './filter.js';
import { parseFilterText } from './filter-text.js';
import { parseSlowStart, type SlowStart, type SlowStartRule } from './slow-start.js';
import { parseSubset, type Subset, type SubsetRule } from './subset.js';
import { parseZone, type ZonePreference, type ZoneRule } from './zone.js';

/** Which of a service's instances a client calls. Default: all that have a weight. */
export interface SelectionOptions {
  /** Which may be called at all. As a text: `version=1.4.*,lane=canary` (see `parseFilterText`). Default: all. */
  readonly filter?: InstanceFilter | string | undefined;
  /** Keeps calls in a zone while it can carry them; a text names the local one. Default: zones play no part. */
  readonly zone?: ZonePreference | string | undefined;
  /** Calls only some of a large service; a number is the size. Default: all. */
  readonly subset?: Subset | number | undefined;
  /** Lets newcomers warm up; a number is the window in seconds. Default: they get their share at once. */
  readonly slowStart?: SlowStart | Seconds | undefined;
}

/** The same, checked and complete. */
export interface SelectionRules {
  readonly filter: ParsedFilter | undefined;
  readonly zone: ZoneRule | undefined;
  readonly subset: SubsetRule | undefined;
  readonly slowStart: SlowStartRule | undefined;
}

/**
 * For those who parse them together with options of their own.
 * @param of whose they are, for messages: `registerResolver`
 */
export function selectionSpecs(of: string): { readonly [K in keyof SelectionRules]: Option<SelectionRules[K]> } {
  return {
    filter: custom<ParsedFilter | undefined>({
      describe: 'which instances may be called at all',
      expects: 'a filter',
      fallback: undefined,
      parse: (value) => parseFilter(typeof value === 'string' ? parseFilterText(value, `the filter of ${of}`) : value, of),
    }),
    zone: custom<ZoneRule | undefined>({
      describe: 'keeps calls in a zone while it can carry them',
      expects: 'a zone preference',
      fallback: undefined,
      parse: (value) => parseZone(value, of),
    }),
    subset: custom<SubsetRule | undefined>({
      describe: 'calls only some of a large service',
      expects: 'a subset',
      fallback: undefined,
      parse: (value) => parseSubset(value, of),
    }),
    slowStart: custom<SlowStartRule | undefined>({
      describe: 'lets newcomers warm up',
      expects: 'a slow start',
      fallback: undefined,
      parse: (value) => parseSlowStart(value, of),
    }),
  };
}

/**
 * @param raw these options only
 * @param of whose they are, for messages: `registerResolver`
 * @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION, naming the culprit
 */
export function parseSelectionOptions(raw: Readonly<Record<string, unknown>> | SelectionOptions, of: string): SelectionRules {
  return parseOptions(selectionSpecs(of), raw as Readonly<Record<string, unknown>>, of);
}
