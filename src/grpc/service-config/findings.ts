import { RollcallError } from '../../core/errors.js';
import { nearest } from '../../core/options.js';
import { quote } from '../../core/quote.js';

/**
 * How much is forgiven. `strict`: what the author of this program wrote; whatever has no effect is a mistake to be told of. `lenient`:
 * what others wrote, perhaps for other languages and newer versions; the specification wants what is not known to be ignored.
 */
export type Strictness = 'strict' | 'lenient';

/** What is found while reading one service config. Errors are thrown at once; doubts depend on the strictness. */
export class Findings {
  readonly warnings: string[] = [];
  readonly #of: string;
  readonly #strictness: Strictness;

  /** @param of whose config, for messages: "the channel's service config" */
  constructor(of: string, strictness: Strictness) {
    this.#of = of;
    this.#strictness = strictness;
  }

  /** The config cannot be used. */
  error(message: string): never {
    throw new RollcallError('INVALID_CONFIG', `${this.#of}: ${message}`);
  }

  /** The config can be used, but not all that it says has the effect it seems to ask for. */
  doubt(message: string): void {
    if (this.#strictness === 'strict') this.error(message);
    this.warnings.push(`${this.#of}: ${message}`);
  }

  /** As it is meant to be in a config of others, and not worth a warning; in one's own a slip. */
  strictOnly(message: string): void {
    if (this.#strictness === 'strict') this.error(message);
  }
}

/**
 * The fields of an object that are set; null is "not set", as everywhere in protobuf's JSON. Those not among the known ones are doubtful
 * and left out.
 */
export function fieldsOf<K extends string>(findings: Findings, path: string, value: unknown, known: readonly K[]): Partial<Record<K, unknown>> {
  const fields: Partial<Record<K, unknown>> = {};
  for (const [key, item] of Object.entries(objectAt(findings, path, value))) {
    const name = known.find((each) => each === key);
    if (name !== undefined) {
      if (item !== undefined && item !== null) fields[name] = item;
    } else {
      const near = nearest(key, known);
      const hint = near === undefined ? '' : `; did you mean ${quote(near)}?`;
      const list = known.length === 0 ? 'it takes none' : `known are ${known.join(', ')}`;
      findings.doubt(`unknown field ${quote(key)}${path === '' ? '' : ` of ${path}`}${hint === '' ? `; ${list}` : hint}`);
    }
  }
  return fields;
}

export function objectAt(findings: Findings, path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) findings.error(`${path === '' ? 'it' : path} is ${quote(value)}, not an object`);
  return value as Readonly<Record<string, unknown>>;
}

export function listAt(findings: Findings, path: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) findings.error(`${path} is ${quote(value)}, not a list`);
  return value as readonly unknown[];
}
