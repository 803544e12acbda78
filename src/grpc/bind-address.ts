import { resolve } from 'node:path';

import { type Address, formatAddress, parseAddress } from '../core/address.js';
import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';

/** Where a server is asked to listen. Port 0 lets the system choose one. */
export type BindAddress = { readonly kind: 'tcp'; readonly host: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string };

/**
 * As `parseAddress`, and port 0 is allowed.
 * @throws RollcallError INVALID_ADDRESS.
 */
export function parseBindAddress(bind: unknown): BindAddress {
  const anyPort = typeof bind === 'string' && !bind.startsWith('unix:') && /:0+$/.test(bind);
  let address: Address;
  try {
    address = parseAddress(anyPort ? bind.replace(/:0+$/, ':1') : bind);
  } catch (cause) {
    throw new RollcallError('INVALID_ADDRESS', `bind ${quote(bind)} is not host:port, [ipv6]:port or unix:path; port 0 lets the system choose`, { cause });
  }
  return anyPort && address.kind === 'tcp' ? { ...address, port: 0 } : address;
}

/** The string by which grpc-js's server knows a bound port: as it was bound, with the port that port 0 became. */
export function boundName(bind: string, address: BindAddress, port: number): string {
  return address.kind === 'tcp' && address.port === 0 ? formatAddress(address.host, port) : bind;
}

/** A relative path means nothing to a client that was started elsewhere. */
export function unixAddress(path: string): string {
  return `unix:${resolve(path)}`;
}
