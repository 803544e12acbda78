import { RollcallError } from '../../../core/errors.js';
import type { ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';

/** Where Go's `net.Dial` goes: a network, and an address in that network's own form. */
export interface NetworkAddress {
  readonly network: 'tcp' | 'unix';
  /** `host:port`, or the path of a socket, without `unix:`. */
  readonly address: string;
}

/** An instance's address as Go names it: `unix:/run/x.sock` is `/run/x.sock` in the network `unix`. */
export function toNetworkAddress(address: string): NetworkAddress {
  return address.startsWith('unix:') ? { network: 'unix', address: address.slice('unix:'.length) } : { network: 'tcp', address };
}

/**
 * The address to dial. No two pairs of network and address give the same one.
 * @throws RollcallError INVALID_ADDRESS, naming the network where it is one that gRPC does not run on
 */
export function fromNetworkAddress(network: string, address: string): string {
  if (network === 'unix') {
    // Without the slash it is relative to somebody's directory, or an abstract socket.
    if (address.startsWith('/')) return `unix:${address}`;
    throw new RollcallError('INVALID_ADDRESS', `address ${quote(address)} of network "unix" is not the absolute path of a socket`);
  }
  if (network !== 'tcp') throw new RollcallError('INVALID_ADDRESS', `network ${quote(network)} with address ${quote(address)} is not one that a gRPC client dials: tcp or unix`);
  if (address.startsWith('unix:')) throw new RollcallError('INVALID_ADDRESS', `address ${quote(address)} is not one of network "tcp"`);
  return address;
}

/** Refuses a socket whose path is relative, and the form with three slashes, which would be a second key for the same socket. */
export function checkNetworkAddress({ address }: ServiceInstance): void {
  if (!address.startsWith('unix:') || /^unix:\/(?!\/)/.test(address)) return;
  throw new RollcallError('INVALID_INSTANCE', `address ${quote(address)} has another form than unix:/absolute/path, the only one for a socket in this layout`);
}
