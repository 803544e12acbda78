import { parseAddress } from '../core/address.js';
import { defaultWeight, type ServiceInstance } from '../core/instance.js';
import type { Endpoint, SubchannelAddress } from './experimental.js';

/** An endpoint that still knows its instance. grpc-js passes fields that it does not know on to the policies. */
export interface InstanceEndpoint extends Endpoint {
  readonly instance: ServiceInstance;
  /** The part of its weight that the instance gets now, in (0, 1]. */
  readonly share: number;
  /** What its certificate is checked against, and what is asked for by SNI, instead of the channel's authority. */
  readonly serverName?: string;
}

export interface EndpointOptions {
  /** Default 1. */
  readonly share?: number | undefined;
  /** Default: the channel's authority. */
  readonly serverName?: string | undefined;
}

/** An unchanged instance is the same object in every snapshot, so it is the same endpoint in every resolution. */
const plain = new WeakMap<ServiceInstance, InstanceEndpoint>();
/** Those with a server name, by that name: two channels may ask for one instance under different names. */
const named = new WeakMap<ServiceInstance, Map<string, InstanceEndpoint>>();

/**
 * The same object for the same instance and server name while the share is 1. With another share it is a new one with the same
 * addresses: that takes effect without a new connection.
 * @throws RollcallError INVALID_ADDRESS.
 */
export function endpointOf(instance: ServiceInstance, { share = 1, serverName }: EndpointOptions = {}): InstanceEndpoint {
  const whole = wholeEndpoint(instance, serverName);
  return share === 1 ? whole : { ...whole, share };
}

function wholeEndpoint(instance: ServiceInstance, serverName: string | undefined): InstanceEndpoint {
  let endpoint = plain.get(instance);
  if (endpoint === undefined) {
    endpoint = { addresses: [subchannelAddress(instance.address)], instance, share: 1 };
    plain.set(instance, endpoint);
  }
  return serverName === undefined ? endpoint : namedEndpoint(endpoint, serverName);
}

function namedEndpoint(endpoint: InstanceEndpoint, serverName: string): InstanceEndpoint {
  let names = named.get(endpoint.instance);
  if (names === undefined) {
    names = new Map();
    named.set(endpoint.instance, names);
  }
  let found = names.get(serverName);
  if (found === undefined) {
    found = { ...endpoint, serverName };
    names.set(serverName, found);
  }
  return found;
}

export function instanceOf(endpoint: Endpoint): ServiceInstance | undefined {
  return (endpoint as Partial<InstanceEndpoint>).instance;
}

/** Weight and share of an endpoint; those of an ordinary one if it carries no instance. */
export function weightOf(endpoint: Endpoint): { readonly weight: number; readonly share: number } {
  const { instance, share = 1 } = endpoint as Partial<InstanceEndpoint>;
  return { weight: instance?.weight ?? defaultWeight, share };
}

export function serverNameOf(endpoint: Endpoint): string | undefined {
  return (endpoint as Partial<InstanceEndpoint>).serverName;
}

/** Host names stay names: they are looked up at each connection, so a moved host is found again. */
function subchannelAddress(address: string): SubchannelAddress {
  const parsed = parseAddress(address);
  return parsed.kind === 'unix' ? { path: parsed.path } : { host: parsed.host, port: parsed.port };
}

/** The address as one string, for an endpoint that carries no instance. */
export function endpointAddress(endpoint: Endpoint): string {
  return endpoint.addresses.map((address) => ('path' in address ? `unix:${address.path}` : `${address.host}:${address.port}`)).join(',');
}

/** Whether a connection to the one serves for the other: the same addresses in the same order, and the same server name. */
export function sameConnection(a: Endpoint, b: Endpoint): boolean {
  if (serverNameOf(a) !== serverNameOf(b) || a.addresses.length !== b.addresses.length) return false;
  return a.addresses.every((address, index) => sameAddress(address, b.addresses[index] as SubchannelAddress));
}

function sameAddress(a: SubchannelAddress, b: SubchannelAddress): boolean {
  if ('path' in a) return 'path' in b && a.path === b.path;
  return !('path' in b) && a.host === b.host && a.port === b.port;
}
