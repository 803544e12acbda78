import type { RegistryUrl } from '../core/adapter.js';
import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';

/**
 * Takes a registry URL apart. Not by WHATWG's URL, which refuses the list of hosts of a cluster.
 *
 *     scheme ":" [ "//" [ user [ ":" password ] "@" ] host *( "," host ) ] path [ "?" key "=" value *( "&" key "=" value ) ]
 *
 * Percent-encoding is undone in every part; `+` is a plus. Hosts, ports and option values are for the adapter to judge.
 * @throws RollcallError INVALID_CONFIG with what is wrong, and the URL without its user, password and query.
 */
export function parseRegistryUrl(text: string): RegistryUrl {
  const refuse = (reason: string): never => {
    throw new RollcallError('INVALID_CONFIG', `registry URL ${quote(redactUrl(text))} ${reason}`);
  };
  if (/[\u0000-\u0020\u007f-\u009f]/.test(text)) refuse('holds a space or a control character; percent-encode it');
  if (text.includes('#')) refuse('holds a fragment, which has no meaning here; write # as %23');
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/.exec(text);
  if (parts === null) return refuse('does not start with a scheme such as etcd: or memory:');
  const [, scheme = '', authority = '', path = '', query = ''] = parts;
  // "etcd://user:12/34@host" would make a host and a path of a password, to be shown in the next message.
  if (`${path}${query}`.includes('@') || authority.indexOf('@') !== authority.lastIndexOf('@')) {
    refuse('holds an @ where none may stand; write @ as %40, and in a user or password also / as %2F and ? as %3F');
  }
  const decode = (value: string, part: string): string => {
    try {
      return decodeURIComponent(value);
    } catch {
      return refuse(`has a % in its ${part} that does not stand for a character; write a plain % as %25`);
    }
  };
  const at = authority.indexOf('@');
  return {
    scheme: scheme.toLowerCase(),
    ...(at < 0 ? {} : parseUser(authority.slice(0, at), decode)),
    hosts: parseHosts(authority.slice(at + 1), at >= 0, decode, refuse),
    path: decode(path, 'path'),
    query: parseQuery(query, decode, refuse),
  };
}

/**
 * What can be a host at all. Whatever else stands in its place may be a password: `etcd://root:hunter2`, where somebody
 * forgot the host, or `etcd://root%3Ahunter2%40h1`, where the separators were encoded as well.
 */
const hostPort = /^(?:\[[^\]@]*\]|[A-Za-z0-9._-]*)(?::\d*)?$/;

type Decode = (value: string, part: string) => string;
type Refuse = (reason: string) => never;

function parseUser(text: string, decode: Decode): { username: string; password?: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { username: decode(text, 'user') };
  return { username: decode(text.slice(0, colon), 'user'), password: decode(text.slice(colon + 1), 'password') };
}

function parseHosts(text: string, required: boolean, decode: Decode, refuse: Refuse): readonly string[] {
  if (text === '') return required ? refuse('has a user but no host') : [];
  return text.split(',').map((host) => {
    if (host === '') return refuse('has an empty host in its list');
    const decoded = decode(host, 'hosts');
    return hostPort.test(decoded) ? decoded : refuse('has something that is not host, host:port or [ipv6]:port where a host should be');
  });
}

function parseQuery(text: string, decode: Decode, refuse: Refuse): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  if (text === '') return query;
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    // The pair itself is not shown: it may be the rest of a password that holds a question mark.
    if (equals <= 0) refuse('has a part of its query that is not key=value');
    const key = decode(pair.slice(0, equals), 'query');
    if (query.has(key)) refuse(`gives option ${quote(key)} twice`);
    query.set(key, decode(pair.slice(equals + 1), `option ${quote(key)}`));
  }
  return query;
}

/**
 * A URL as it may be shown, whether it can be parsed or not: all between the scheme and the last `@` is hidden, since
 * a password with unencoded characters may reach that far; so is everything where a host is none, and the query.
 */
export function redactUrl(text: string): string {
  const start = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/)?/.exec(text)?.[0] ?? '';
  const at = text.lastIndexOf('@');
  if (at >= 0) return hideQuery(`${at > start.length ? start : ''}***${text.slice(at)}`);
  const authority = start.endsWith('//') ? (/^[^/?#]*/.exec(text.slice(start.length))?.[0] ?? '') : '';
  return authority.split(',').every(isHost) ? hideQuery(text) : `${start}***`;
}

function isHost(text: string): boolean {
  try {
    return hostPort.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

function hideQuery(text: string): string {
  return text.replace(/[?#].+$/s, (tail) => `${tail.charAt(0)}…`);
}
