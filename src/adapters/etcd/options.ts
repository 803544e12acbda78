import type { RegistryUrl } from '../../core/adapter.js';
import { isUnspecifiedHost, parseAddress } from '../../core/address.js';
import { RollcallError } from '../../core/errors.js';
import { custom, flag, nearest, number, type OptionValues, text } from '../../core/options.js';
import { quote } from '../../core/quote.js';
import { carriedFields } from './layouts/carried.js';
import type { CarriedField } from './layouts/layout.js';
import { type LayoutName, layoutNames } from './layouts/names.js';
import { placesOf } from './places.js';
import { timingOptions } from './timings.js';

export const defaultEndpoint = '127.0.0.1:2379';

/** Everything that can be set about an etcd backend; the same names in an object and in a URL's query. */
export const etcdOptions = {
  endpoints: custom<readonly string[]>({
    describe: `client addresses of the members, host:port (default ${defaultEndpoint})`,
    expects: 'one or more host:port',
    fallback: [defaultEndpoint],
    parse: parseEndpoints,
  }),
  prefix: custom<readonly string[]>({
    describe: 'what every key starts with, exactly as it stands there; one for each layout if there are several (default: where the layout has its home, /rollcall for rollcall)',
    expects: 'a path such as /rollcall or kitex/registry-etcd, without empty segments or control characters',
    fallback: [],
    parse: parsePrefixes,
  }),
  layout: custom<readonly LayoutName[] | 'auto'>({
    describe: `how instances are written: ${layoutNames.join(', ')}; several at once, as in rollcall,kratos; or auto, for reading, which goes by each record (default rollcall)`,
    expects: `one or more of ${layoutNames.join(', ')}, or auto`,
    fallback: ['rollcall'],
    parse: parseLayouts,
  }),
  drop: custom<readonly CarriedField[]>({
    describe: `what of an instance may be lost where a layout cannot carry it: ${carriedFields.join(', ')} (default: nothing, such an instance is refused)`,
    expects: `one or more of ${carriedFields.join(', ')}`,
    fallback: [],
    parse: (value) => (Array.isArray(value) && value.length === 0 ? [] : listOf(value, carriedFields)),
  }),
  ttl: number({ describe: 'seconds a record outlives a process that died (default 5)', fallback: 5, min: 1, max: 31_536_000, whole: true, unit: 'seconds' }),
  username: text({ describe: 'etcd user', fallback: undefined }),
  password: text({ describe: 'password of the etcd user', fallback: undefined, secret: true }),
  tls: flag({ describe: 'speak TLS to etcd; the scheme etcds sets it (default false)', fallback: false }),
  ca: text({ describe: 'PEM file of the authority that signed the members’ certificates (default: the system’s)', fallback: undefined }),
  cert: text({ describe: 'PEM file of the client certificate', fallback: undefined }),
  key: text({ describe: 'PEM file of the client certificate’s key', fallback: undefined }),
  serverName: text({ describe: 'name to expect in the members’ certificates, where it is not their host', fallback: undefined }),
  connectTimeout: number({ describe: 'seconds connect() waits for etcd before it fails (default 5)', fallback: 5, min: 0.1, max: 3600, unit: 'seconds' }),
  requestTimeout: number({ describe: 'seconds one operation waits for etcd before it fails (default 5)', fallback: 5, min: 0.1, max: 3600, unit: 'seconds' }),
  waitForReady: flag({ describe: 'connect() waits for etcd as long as it takes (default false)', fallback: false }),
  ...timingOptions,
};

/** The options once they are checked. */
export type CheckedEtcdOptions = OptionValues<typeof etcdOptions>;

type OneOrMore<T> = T | readonly T[];

/** What may be given; see `docs/configuration.md`. */
export type EtcdOptions = Omit<CheckedEtcdOptions, 'layout' | 'prefix' | 'drop'> & {
  readonly layout: OneOrMore<LayoutName> | 'auto';
  readonly prefix: OneOrMore<string>;
  readonly drop: OneOrMore<CarriedField>;
};

/** What the parts of `etcd://user:password@h1:2379,h2:2379/prefix` stand for. */
export function etcdOptionsFromUrl(url: RegistryUrl): Readonly<Record<string, unknown>> {
  // "etcd:h1:2379" would be the default endpoint with a prefix that looks like a host.
  if (url.hosts.length === 0 && url.path !== '' && !url.path.startsWith('/')) {
    throw new RollcallError('INVALID_CONFIG', `adapter etcd: the URL has no //; write ${url.scheme}://host:port/prefix`);
  }
  return {
    ...(url.scheme === 'etcds' ? { tls: true } : {}),
    ...(url.hosts.length > 0 ? { endpoints: url.hosts } : {}),
    ...(url.path !== '' && url.path !== '/' ? { prefix: url.path.includes(',') ? [url.path] : url.path } : {}),
    ...(url.username === undefined ? {} : { username: url.username }),
    ...(url.password === undefined ? {} : { password: url.password }),
  };
}

/** Rules that span options. */
export function checkEtcdOptions(options: CheckedEtcdOptions): void {
  const refuse = (message: string): never => {
    throw new RollcallError('INVALID_CONFIG', `adapter etcd: ${message}`);
  };
  if ((options.username === undefined) !== (options.password === undefined)) refuse('username and password go together; one of them is missing');
  if ((options.cert === undefined) !== (options.key === undefined)) refuse('cert and key go together; one of them is missing');
  checkPlaces(options, refuse);
  const files = (['ca', 'cert', 'key', 'serverName'] as const).filter((name) => options[name] !== undefined);
  if (options.retryMin > options.retryMax) refuse(`retryMin ${options.retryMin} is above retryMax ${options.retryMax}`);
  if (!options.tls && files.length > 0) refuse(`${files.join(', ')} given without TLS; use the scheme etcds, or tls: true`);
}

function parseEndpoints(value: unknown): readonly string[] | undefined {
  const list: unknown[] | undefined = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : undefined;
  if (list === undefined || list.length === 0) return undefined;
  return Object.freeze(list.map(parseEndpoint));
}

/** An etcd member's address. The port may be left out: 2379 is etcd's. */
function parseEndpoint(value: unknown): string {
  const text = typeof value === 'string' && /^(\[[^\]]*\]|[^:]+)$/.test(value) ? `${value}:2379` : value;
  try {
    const address = parseAddress(text);
    if (address.kind === 'tcp' && !isUnspecifiedHost(address.host)) return text as string;
  } catch (cause) {
    throw new RollcallError('INVALID_CONFIG', `endpoint of adapter etcd: ${(cause as Error).message}`, { cause });
  }
  throw new RollcallError('INVALID_CONFIG', `endpoint of adapter etcd: ${quote(value)} is not host:port of a member`);
}

/** As many prefixes as layouts, and no two layouts under one: a reader of one would trip over the records of the other. */
function checkPlaces({ layout, prefix }: CheckedEtcdOptions, refuse: (message: string) => never): void {
  if (layout !== 'auto' && layout.length > 1 && prefix.length > 0 && prefix.length !== layout.length) {
    refuse(`${layout.length} layouts (${layout.join(', ')}) and ${prefix.length === 1 ? '1 prefix' : `${prefix.length} prefixes`} (${prefix.join(', ')}); give one for each, as in prefix=/a,/b, or none`);
  }
  const prefixes = placesOf(layout, prefix).map((place) => place.prefix);
  const twice = prefixes.find((each, index) => prefixes.indexOf(each) < index);
  const outer = prefixes.find((each) => each !== '' && layout !== 'auto' && prefixes.some((other) => other.startsWith(`${each}/`)));
  if (outer !== undefined) refuse(`prefix ${outer} holds another one of these: what stands there would be of both; give prefixes side by side`);
  if (twice === undefined) return;
  const home = twice === '' ? 'without a prefix' : `under ${twice}`;
  refuse(`two layouts ${home}: readers of the one trip over records of the other; give each a prefix of its own, as in prefix=/a,/b, or read with layout=auto`);
}

function parseLayouts(value: unknown): readonly LayoutName[] | 'auto' | undefined {
  return value === 'auto' ? 'auto' : listOf(value, layoutNames);
}

function listOf<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  const list: unknown[] | undefined = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : undefined;
  if (list === undefined || list.length === 0) return undefined;
  const found = list.map((each) => known.find((name) => name === each));
  if (!found.includes(undefined)) return Object.freeze(found as T[]);
  if (!Array.isArray(value)) return undefined;
  const wrong: unknown = list[found.indexOf(undefined)];
  const near = typeof wrong === 'string' ? nearest(wrong, known) : undefined;
  throw new RollcallError('INVALID_CONFIG', `adapter etcd: ${quote(wrong)} is not one of ${known.join(', ')}${near === undefined ? '' : `; did you mean ${quote(near)}?`}`);
}

/** Of several, an empty one stands for the layout's default. */
function parsePrefixes(value: unknown): readonly string[] | undefined {
  const list: unknown[] | undefined = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : undefined;
  if (list === undefined) return undefined;
  const prefixes = list.map((each) => (list.length > 1 && each === '' ? '' : parsePrefix(each)));
  return prefixes.includes(undefined) ? undefined : Object.freeze(prefixes as string[]);
}

/** None at the end: a prefix that ended in the middle of a name would list its longer neighbours too. A leading slash is part of the key, or is not. */
function parsePrefix(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const prefix = value.replace(/\/$/, '');
  if (prefix === '' || prefix.length > 512 || /[\u0000-\u0020\u007f,]/.test(prefix)) return undefined;
  return prefix.replace(/^\//, '').split('/').some((segment) => segment === '' || segment === '.' || segment === '..') ? undefined : prefix;
}
