import type { RegistryUrl } from '../../core/adapter.js';
import { RollcallError } from '../../core/errors.js';
import { number, text } from '../../core/options.js';

/** Everything that can be set about a memory backend by configuration. */
export const memoryOptions = {
  name: text({ describe: 'share one registry with every memory:name of this process (default: private)', fallback: undefined }),
  ttl: number({ describe: 'seconds a record outlives an owner that stands still (default 5)', fallback: 5, min: 1, max: 31_536_000, whole: true, unit: 'seconds' }),
};

/** `memory:` and `memory:shared-name`. */
export function memoryOptionsFromUrl(url: RegistryUrl): Readonly<Record<string, unknown>> {
  // `memory://name` would quietly make a private registry of what was meant to be shared.
  if (url.hosts.length > 0 || url.username !== undefined) {
    throw new RollcallError('INVALID_CONFIG', 'adapter memory: a memory URL has no host; write memory:name, without slashes');
  }
  return url.path === '' ? {} : { name: url.path };
}
