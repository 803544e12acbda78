import { parseAddress } from '../core/address.js';
import type { ServiceInstance } from '../core/instance.js';
import type { Endpoint, SubchannelAddress } from './experimental.js';

/** An endpoint that still knows its instance. grpc-js passes fields that it does not know on to the policies. */
export interface InstanceEndpoint extends Endpoint {
  readonly instance: ServiceInstance;
}

/** An unchanged instance is the same object in every snapshot, so it is the same endpoint in every resolution. */
const endpoints = new WeakMap<ServiceInstance, InstanceEndpoint>();

/** @throws RollcallError INVALID_ADDRESS. */
export function endpointOf(instance: ServiceInstance): InstanceEndpoint {
  let endpoint = endpoints.get(instance);
  if (endpoint === undefined) {
    endpoint = { addresses: [subchannelAddress(instance.address)], instance };
    endpoints.set(instance, endpoint);
  }
  return endpoint;
}

export function instanceOf(endpoint: Endpoint): ServiceInstance | undefined {
  return (endpoint as Partial<InstanceEndpoint>).instance;
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
