import { RollcallError } from './errors.js';
import { quote } from './quote.js';

/**
 * One configuration option: read from an object (typed) or from a URL (text), by the same rule.
 * This is core's own, not a validation library, because every adapter needs it, one by a third party as well,
 * and core imports nothing.
 */
export interface Option<T> {
  /** One line for help texts and documentation. */
  readonly describe: string;
  /** What an accepted value looks like, for messages: "a whole number of seconds, at least 1". */
  readonly expects: string;
  /** Never shown in a message, a log or `toJSON`. */
  readonly secret?: boolean;
  /** The value when none is given; `undefined` makes the option optional. */
  readonly fallback: T;
  /** The value, or `undefined` if it is not acceptable. */
  parse(value: unknown): T | undefined;
}

export type OptionSpecs = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<Specs extends OptionSpecs> = { readonly [K in keyof Specs]: Specs[K] extends Option<infer T> ? T : never };

interface Described<T> {
  readonly describe: string;
  readonly fallback: T;
  readonly secret?: boolean;
}

export function text<T extends string | undefined>(option: Described<T>): Option<string | T> {
  return { ...option, expects: 'a text that is not empty', parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined) };
}

export function flag(option: Described<boolean>): Option<boolean> {
  return {
    ...option,
    expects: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined),
  };
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Default false. */
  readonly whole?: boolean;
  /** For the message: "seconds". */
  readonly unit?: string;
}

export function number<T extends number | undefined>(option: Described<T> & NumberRange): Option<number | T> {
  const { min, max, whole = false, unit } = option;
  const kind = whole ? 'a whole number' : 'a number';
  return {
    ...option,
    expects: `${kind}${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`,
    parse(value) {
      const parsed = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
      if (typeof parsed !== 'number' || !(parsed >= min && parsed <= max)) return undefined;
      return whole && !Number.isInteger(parsed) ? undefined : parsed;
    },
  };
}

export function oneOf<const T extends string>(values: readonly T[], option: Described<T>): Option<T> {
  return {
    ...option,
    expects: `one of ${values.join(', ')}`,
    parse: (value) => values.find((each) => each === value),
  };
}

/** An option with a rule of its own. `parse` gives the value, `undefined`, or throws a RollcallError that says more. */
export function custom<T>(option: Described<T> & { readonly expects: string; readonly parse: (value: unknown) => T | undefined }): Option<T> {
  return option;
}

/**
 * Checks raw options against the known ones and fills in what is missing.
 * @param of whose options, for messages: "adapter etcd"
 * @throws RollcallError UNKNOWN_OPTION or INVALID_CONFIG, naming the culprit, what it may be, and never a secret value.
 */
export function parseOptions<Specs extends OptionSpecs>(specs: Specs, raw: Readonly<Record<string, unknown>>, of: string): OptionValues<Specs> {
  refuseUnknown(raw, Object.keys(specs), of);
  const values: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(specs)) {
    const given = Object.hasOwn(raw, key) ? raw[key] : undefined;
    if (given === undefined) {
      values[key] = spec.fallback;
      continue;
    }
    const parsed = spec.parse(given);
    if (parsed === undefined) {
      const shown = spec.secret === true ? 'the given value' : quote(given);
      throw new RollcallError('INVALID_CONFIG', `option ${quote(key)} of ${of}: ${shown} is not ${spec.expects}`);
    }
    values[key] = parsed;
  }
  return Object.freeze(values) as OptionValues<Specs>;
}

/**
 * For options that are not read by `parseOptions`: in plain JavaScript a mistyped one would pass in silence.
 * @throws RollcallError UNKNOWN_OPTION, naming the first that is not known, the one that was probably meant, and all that are known.
 */
export function refuseUnknown(raw: object, known: readonly string[], of: string): void {
  const key = Object.keys(raw).find((each) => !known.includes(each));
  if (key === undefined) return;
  const near = nearest(key, known);
  const hint = near === undefined ? '.' : `; did you mean ${quote(near)}?`;
  throw new RollcallError('UNKNOWN_OPTION', `unknown option ${quote(key)} of ${of}${hint} Known options: ${known.join(', ')}`);
}

/** The candidate that differs from the word by at most two edits, for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
