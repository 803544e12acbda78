import type { Adapter, RegistryUrl } from '../core/adapter.js';
import { RollcallError, toRollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { Catalogue } from './catalogue.js';
import { RegistryConfig } from './registry-config.js';
import { parseRegistryUrl } from './registry-url.js';
import { defaultCatalogue } from './shipped.js';

/** A backend as an object: the adapter's name, and its options by name. */
export interface RegistryConfigObject {
  readonly adapter: string;
  readonly [option: string]: unknown;
}

/** The forms in which a backend can be named: a URL, an object, or what `loadConfig` gave earlier. */
export type ConfigSource = string | RegistryConfigObject | RegistryConfig;

export const environmentVariable = 'ROLLCALL_REGISTRY';

export interface LoadConfigOptions {
  /** Where adapters are looked up. Default: the shipped ones and those of `registerAdapter`. */
  readonly catalogue?: Catalogue | undefined;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Checks a configuration and loads its adapter, without connecting.
 * @param source Default: the URL in the environment variable ROLLCALL_REGISTRY.
 * @throws RollcallError INVALID_CONFIG, UNKNOWN_ADAPTER or UNKNOWN_OPTION, naming the culprit.
 */
export async function loadConfig(source?: ConfigSource, options: LoadConfigOptions = {}): Promise<RegistryConfig> {
  const { catalogue = defaultCatalogue, env = process.env } = options;
  if (source instanceof RegistryConfig) return source;
  if (typeof source === 'string') return fromUrl(source, catalogue);
  if (source !== undefined) return fromObject(source, catalogue);
  const url = env[environmentVariable];
  if (url === undefined || url === '') {
    throw new RollcallError('INVALID_CONFIG', `no registry given: pass a URL such as etcd://127.0.0.1:2379 or memory:, or set ${environmentVariable}`);
  }
  return fromUrl(url, catalogue);
}

async function fromUrl(text: string, catalogue: Catalogue): Promise<RegistryConfig> {
  const url = parseRegistryUrl(text);
  const adapter = await catalogue.loadByScheme(url.scheme);
  const implied = impliedOptions(adapter, url);
  for (const key of url.query.keys()) {
    if (Object.hasOwn(implied, key)) {
      throw new RollcallError('INVALID_CONFIG', `option ${quote(key)} of adapter ${adapter.name} is given twice: in the query, and by what stands before it in the URL`);
    }
  }
  return new RegistryConfig(adapter, { ...Object.fromEntries(url.query), ...implied });
}

function impliedOptions(adapter: Adapter, url: RegistryUrl): Readonly<Record<string, unknown>> {
  try {
    return adapter.fromUrl(url);
  } catch (error) {
    throw toRollcallError(error, `adapter ${adapter.name}`);
  }
}

async function fromObject(source: unknown, catalogue: Catalogue): Promise<RegistryConfig> {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    throw new RollcallError('INVALID_CONFIG', `a registry is configured by a URL or an object, not by ${quote(source)}`);
  }
  const { adapter: name, ...options } = source as Record<string, unknown>;
  if (typeof name !== 'string') {
    throw new RollcallError('INVALID_CONFIG', `a configuration object names its adapter, as in { adapter: 'memory' }; here "adapter" is ${quote(name)}`);
  }
  return new RegistryConfig(await catalogue.loadByName(name), options);
}
