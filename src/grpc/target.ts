import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { GrpcUri } from './experimental.js';

/** RFC 3986 §3.1; in lower case only, because grpc-js compares schemes as they are written. */
const schemePattern = /^[a-z][a-z0-9+.-]*$/;

/** Registering one of these would take plain addresses away from grpc-js. */
const reservedSchemes: ReadonlySet<string> = new Set(['dns', 'unix', 'ipv4', 'ipv6', 'xds']);

/** What may stand as the authority of a target, `etcd://name/service`. */
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** @throws RollcallError INVALID_CONFIG. */
export function parseScheme(value: unknown): string {
  if (typeof value !== 'string' || !schemePattern.test(value)) {
    throw new RollcallError('INVALID_CONFIG', `scheme ${quote(value)} is not a URI scheme: a lower-case letter, then lower-case letters, digits and + . -`);
  }
  if (reservedSchemes.has(value)) throw new RollcallError('INVALID_CONFIG', `scheme ${quote(value)} belongs to grpc-js itself; take another`);
  return value;
}

/** @throws RollcallError INVALID_CONFIG. */
export function parseResolverName(value: unknown): string {
  if (typeof value !== 'string' || !namePattern.test(value)) {
    throw new RollcallError('INVALID_CONFIG', `resolver name ${quote(value)} is not made of letters, digits and . _ -`);
  }
  return value;
}

export interface DiscoveryTarget {
  /** Which of the scheme's discoveries; empty for the one registered without a name. */
  readonly name: string;
  /** As written; whether it is a legal service name is for the discovery to say. */
  readonly service: string;
}

/**
 * `etcd:///service` and `etcd://name/service`. Also `etcd:service` and, a common slip, `etcd://service`:
 * grpc-js takes no authority without a path for one, so that arrives as the path `//service`.
 */
export function parseDiscoveryTarget(target: GrpcUri): DiscoveryTarget {
  if (target.authority !== undefined) return { name: target.authority, service: target.path };
  return { name: '', service: target.path.replace(/^\/{1,2}/, '').replace(/\/$/, '') };
}

/** The target that `parseDiscoveryTarget` reads back. */
export function formatDiscoveryTarget(scheme: string, { name, service }: DiscoveryTarget): string {
  return `${scheme}://${name}/${service}`;
}

/**
 * The service name as `:authority`, which is also the TLS server name and the host of a URL inside grpc-js.
 * That URL is why "orders.2" needs a change: a host that ends in a number must be an IPv4 address
 * (https://url.spec.whatwg.org/#host-parsing). Never throws: grpc-js calls it in the middle of making a channel.
 */
export function defaultAuthority(target: GrpcUri): string {
  const { service } = parseDiscoveryTarget(target);
  const legal = service.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 253);
  const candidates = [legal, legal.replaceAll('.', '-')];
  return candidates.find((candidate) => candidate !== '' && URL.canParse(`http://${candidate}`)) ?? 'rollcall';
}
