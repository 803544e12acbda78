import { isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

import { formatAddress, isUnspecifiedHost, parseDialableAddress } from '../core/address.js';
import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import { type BindAddress, unixAddress } from './bind-address.js';

export type Interfaces = () => Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The address to register, once the port is known. */
export type Advertised = (port: number) => string;

/**
 * Decides, before anything listens, which address clients are told.
 * @throws RollcallError INVALID_ADDRESS for an `advertise` that no client could dial; NO_ADVERTISABLE_ADDRESS if the server binds every interface and
 *   the machine's address is not plain.
 */
export function chooseAdvertised(bind: BindAddress, advertise: string | undefined, interfaces: Interfaces): Advertised {
  if (advertise !== undefined) return parseAdvertise(bind, advertise);
  if (bind.kind === 'unix') return () => unixAddress(bind.path);
  const host = isUnspecifiedHost(bind.host) ? machineHost(bind.host, interfaces) : bind.host;
  return (port) => formatAddress(host, port);
}

function parseAdvertise(bind: BindAddress, advertise: string): Advertised {
  const host = bareHost(advertise);
  const refuse = (rule: string, cause?: unknown): never => {
    throw new RollcallError('INVALID_ADDRESS', `advertise ${quote(advertise)} ${rule}`, { cause });
  };
  if (host !== undefined && isUnspecifiedHost(host)) refuse('is an unspecified host, which no client can dial; give the address of this machine');
  try {
    parseDialableAddress(host === undefined ? advertise : formatAddress(host, 1));
  } catch (cause) {
    refuse('is neither a host nor host:port that a client can dial', cause);
  }
  if (host === undefined) return () => advertise;
  if (bind.kind === 'unix') refuse('has no port, and a server bound to a unix socket has none to add');
  return (port) => formatAddress(host, port);
}

/** The host if there is only a host, without brackets. */
function bareHost(advertise: string): string | undefined {
  if (isIPv6(advertise)) return advertise;
  const bracketed = /^\[(.*)\]$/.exec(advertise)?.[1];
  if (bracketed !== undefined && isIPv6(bracketed)) return bracketed;
  return advertise.includes(':') ? undefined : advertise;
}

interface Candidate {
  readonly interface: string;
  readonly address: string;
  readonly ipv6: boolean;
}

/** The one address of this machine that others can reach, as far as this machine can tell. */
function machineHost(bound: string, interfaces: Interfaces): string {
  const all = candidates(interfaces);
  // A server on 0.0.0.0 does not listen on IPv6; one on [::] listens on both (Node leaves IPV6_V6ONLY off).
  const usable = isIPv6(bound) ? all : all.filter(({ ipv6 }) => !ipv6);
  const ipv4 = usable.filter(({ ipv6 }) => !ipv6);
  const preferred = ipv4.length > 0 ? ipv4 : usable;
  const [first, second] = preferred;
  if (first !== undefined && second === undefined) return first.address;
  const list = preferred.map((each) => `${each.address} (${each.interface})`).join(', ');
  const found = first === undefined ? 'has no address of its own to advertise' : `has several addresses: ${list}`;
  throw new RollcallError('NO_ADVERTISABLE_ADDRESS', `the server binds ${bound}, and this machine ${found}. Say with "advertise" which host clients are to dial`);
}

function candidates(interfaces: Interfaces): readonly Candidate[] {
  return Object.entries(interfaces()).flatMap(([name, infos = []]) =>
    infos
      .filter((info) => !info.internal && !isLinkLocal(info))
      .map((info) => ({ interface: name, address: info.address, ipv6: info.family === 'IPv6' })),
  );
}

/** Means something on its own link only: RFC 3927, RFC 4291 §2.5.6. */
function isLinkLocal({ address, family }: NetworkInterfaceInfo): boolean {
  return family === 'IPv6' ? /^fe[89ab]/i.test(address) : address.startsWith('169.254.');
}
