import { isIP, isIPv4, isIPv6 } from 'node:net';

import { RollcallError } from './errors.js';
import { quote } from './quote.js';

/** Where an instance listens, in the forms of gRPC naming (https://github.com/grpc/grpc/blob/master/doc/naming.md). */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** One label of a host name; `_` is not in RFC 1123, yet Docker Compose and others use it. */
const hostLabel = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** The form of nearly all addresses: every record of every list is read, so it is told by one look. The port is checked for its range. */
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4AndPort = new RegExp(`^${octet}(?:\\.${octet}){3}:[1-9]\\d{0,4}$`);

/**
 * Reads `host:port`, `[ipv6]:port` or `unix:path`.
 * @throws RollcallError INVALID_ADDRESS, naming the value and what is wrong with it.
 */
export function parseAddress(value: unknown): Address {
  if (typeof value !== 'string') throw invalid(value, 'is not a string');
  if (value === '') throw invalid(value, 'is empty');
  if (ipv4AndPort.test(value)) return tcp(value, value.lastIndexOf(':'));
  if (/[\u0000-\u0020\u007f-\u009f]/.test(value)) throw invalid(value, 'holds a space or a control character');
  if (value.length > 300) throw invalid(value, 'is longer than 300 characters');
  if (value.startsWith('unix:')) return parseUnix(value);
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(value)) throw invalid(value, 'is a URL; give host:port without a scheme');
  return parseTcp(value);
}

function tcp(value: string, colon: number): Address {
  return { kind: 'tcp', host: value.slice(0, colon), port: checkedPort(value, value.slice(colon + 1)) };
}

function checkedPort(value: string, digits: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65535) throw invalid(value, 'has a port out of range; it is from 1 to 65535');
  return port;
}

function parseUnix(value: string): Address {
  const path = value.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (path.startsWith('//')) throw invalid(value, 'has an authority; write unix:/path or unix:///path');
  if (path === '') throw invalid(value, 'has no path after unix:');
  return { kind: 'unix', path };
}

function parseTcp(value: string): Address {
  const bracketed = /^\[([^\]]*)\](.*)$/.exec(value);
  const colon = value.lastIndexOf(':');
  const host = bracketed?.[1] ?? (colon < 0 ? value : value.slice(0, colon));
  const rest = bracketed?.[2] ?? (colon < 0 ? '' : value.slice(colon));
  if (bracketed === null && host.includes(':')) throw invalid(value, 'is an IPv6 address without brackets; write [::1]:8000');
  if (rest === '' || rest === ':') throw invalid(value, 'has no port');
  if (!/^:\d{1,5}$/.test(rest)) throw invalid(value, 'has a port that is not a number from 1 to 65535');
  const port = checkedPort(value, rest.slice(1));
  if (host === '') throw invalid(value, 'has no host');
  if (bracketed !== null && !isIPv6(host)) throw invalid(value, 'has brackets around something that is not an IPv6 address');
  if (bracketed === null && !isHost(host)) throw invalid(value, 'has a host that is neither a name nor an IP address');
  return { kind: 'tcp', host, port };
}

function isHost(host: string): boolean {
  if (isIPv4(host)) return true;
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  // "0:8000", "0x0:8000" and "999.1.1.1:80" would be read as IPv4 numbers by a resolver: they are no names
  // (the URL Standard's "ends in a number" checker).
  if (/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '')) return false;
  return host.length <= 253 && labels.every((label) => hostLabel.test(label));
}

/**
 * Reads an address that a client can dial: as `parseAddress`, and never an unspecified host, which means
 * "every interface" to a server and "this very machine" to a client (RFC 4291 §2.5.2, RFC 1122 §3.2.1.3).
 */
export function parseDialableAddress(value: unknown): Address {
  const address = parseAddress(value);
  if (address.kind === 'tcp' && isUnspecifiedHost(address.host)) {
    throw invalid(value, 'is an unspecified host, which no client can dial; give the address of this machine');
  }
  return address;
}

/** Whether the host is `0.0.0.0`, `::` or a spelling of them. */
export function isUnspecifiedHost(host: string): boolean {
  if (host.includes(':') && isIPv6(host)) {
    const canonical = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname;
    return canonical === '[::]' || canonical === '[::ffff:0:0]';
  }
  return host === '0.0.0.0';
}

/** `host` and `port` as one string, with brackets where IPv6 needs them. */
export function formatAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function invalid(value: unknown, rule: string): RollcallError {
  return new RollcallError('INVALID_ADDRESS', `address ${quote(value)} ${rule}`);
}
