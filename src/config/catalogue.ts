import type { Adapter, AdapterEntry } from '../core/adapter.js';
import { RollcallError, toRollcallError } from '../core/errors.js';
import { nearest } from '../core/options.js';
import { quote } from '../core/quote.js';

/** RFC 3986 §3.1, in lower case only: an adapter's name doubles as its URL scheme. */
const schemePattern = /^[a-z][a-z0-9+.-]*$/;

/** The adapters that a configuration may name. Entries are loaded only when a configuration picks them. */
export class Catalogue {
  readonly #byName = new Map<string, AdapterEntry>();
  readonly #byScheme = new Map<string, AdapterEntry>();

  constructor(entries: Iterable<AdapterEntry> = []) {
    for (const entry of entries) this.register(entry);
  }

  /** Names of all adapters, in the order of their registration. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** All URL schemes that lead to an adapter. */
  get schemes(): readonly string[] {
    return [...this.#byScheme.keys()];
  }

  /**
   * Adds an adapter under its name and URL schemes.
   * @throws RollcallError INVALID_CONFIG if the name or a scheme is taken or is not a URL scheme in lower case; nothing is added then.
   */
  register(entry: AdapterEntry): void {
    const { name, schemes = [name] } = entry;
    for (const word of [name, ...schemes]) {
      if (typeof word !== 'string' || !schemePattern.test(word)) {
        throw new RollcallError('INVALID_CONFIG', `adapter name or scheme ${quote(word)} is not a URL scheme: a lower-case letter, then lower-case letters, digits and + . -`);
      }
    }
    if (schemes.length === 0) throw new RollcallError('INVALID_CONFIG', `adapter ${quote(name)} has no URL scheme`);
    if (typeof entry.load !== 'function') throw new RollcallError('INVALID_CONFIG', `adapter ${quote(name)} has no load function`);
    if (this.#byName.has(name)) throw new RollcallError('INVALID_CONFIG', `adapter ${quote(name)} is already registered`);
    for (const [index, scheme] of schemes.entries()) {
      const owner = this.#byScheme.get(scheme)?.name ?? (schemes.indexOf(scheme) < index ? name : undefined);
      if (owner !== undefined) throw new RollcallError('INVALID_CONFIG', `scheme ${quote(scheme)} of adapter ${quote(name)} already belongs to adapter ${quote(owner)}`);
    }
    this.#byName.set(name, entry);
    for (const scheme of schemes) this.#byScheme.set(scheme, entry);
  }

  /** @throws RollcallError UNKNOWN_ADAPTER, naming the known ones; INTERNAL if loading it fails. */
  loadByName(name: string): Promise<Adapter> {
    return load(this.#byName.get(name) ?? unknown('adapter', name, this.names));
  }

  /** @throws RollcallError UNKNOWN_ADAPTER, naming the known schemes; INTERNAL if loading it fails. */
  loadByScheme(scheme: string): Promise<Adapter> {
    return load(this.#byScheme.get(scheme) ?? unknown('scheme', scheme, this.schemes));
  }
}

function unknown(kind: 'adapter' | 'scheme', word: string, known: readonly string[]): RollcallError {
  const near = nearest(word, known);
  const hint = near === undefined ? '.' : `; did you mean ${quote(near)}?`;
  const what = kind === 'adapter' ? `unknown adapter ${quote(word)}` : `no adapter for the URL scheme ${quote(word)}`;
  return new RollcallError('UNKNOWN_ADAPTER', `${what}${hint} Known ${kind}s: ${known.join(', ')}`);
}

async function load(entry: AdapterEntry | RollcallError): Promise<Adapter> {
  if (entry instanceof RollcallError) throw entry;
  try {
    const adapter = await entry.load();
    if (typeof adapter.connect !== 'function' || adapter.name !== entry.name) {
      throw new RollcallError('INVALID_CONFIG', `what the entry of adapter ${quote(entry.name)} loads is not that adapter`);
    }
    return adapter;
  } catch (error) {
    throw toRollcallError(error, `loading adapter ${quote(entry.name)}`);
  }
}
