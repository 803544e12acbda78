import { RollcallError } from '../core/errors.js';
import type { ServiceInstance } from '../core/instance.js';
import { quote } from '../core/quote.js';

/**
 * The name that an instance's certificate is checked against, and that TLS asks it for: `metadata.<key>`, a field of what the instance
 * published, or a function. `undefined`, or a field that the instance does not have: the name of the channel, as without this option.
 */
export type ServerNameOption = `metadata.${string}` | ((instance: ServiceInstance) => string | undefined);

export type ServerNameOf = (instance: ServiceInstance) => string | undefined;

const prefix = 'metadata.';

/** @throws RollcallError INVALID_CONFIG */
export function parseServerName(value: unknown, of: string): ServerNameOf {
  if (typeof value === 'function') return value as ServerNameOf;
  if (typeof value === 'string' && value.startsWith(prefix) && value.length > prefix.length) {
    const key = value.slice(prefix.length);
    // A key such as "toString" would find a function on every object.
    return ({ metadata }) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined);
  }
  throw new RollcallError('INVALID_CONFIG', `option "serverName" of ${of}: ${quote(value)} is neither metadata.<key> nor a function of the instance`);
}
