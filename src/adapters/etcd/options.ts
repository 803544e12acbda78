import type { RegistryUrl } from '../../core/adapter.js';
import { isUnspecifiedHost, parseAddress } from '../../core/address.js';
import { RollcallError } from '../../core/errors.js';
import { custom, flag, number, oneOf, type OptionValues, text } from '../../core/options.js';
import { quote } from '../../core/quote.js';
import { layoutNames } from './layouts/names.js';
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
  prefix: custom<string>({
    describe: 'what every key starts with (default /rollcall)',
    expects: 'a path such as /rollcall, without empty segments or control characters',
    fallback: '/rollcall',
    parse: parsePrefix,
  }),
  layout: oneOf(layoutNames, { describe: `how instances are written: ${layoutNames.join(' or ')} (default rollcall)`, fallback: 'rollcall' }),
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

export type EtcdOptions = OptionValues<typeof etcdOptions>;

/** What the parts of `etcd://user:password@h1:2379,h2:2379/prefix` stand for. */
export function etcdOptionsFromUrl(url: RegistryUrl): Readonly<Record<string, unknown>> {
  // "etcd:h1:2379" would be the default endpoint with a prefix that looks like a host.
  if (url.hosts.length === 0 && url.path !== '' && !url.path.startsWith('/')) {
    throw new RollcallError('INVALID_CONFIG', `adapter etcd: the URL has no //; write ${url.scheme}://host:port/prefix`);
  }
  return {
    ...(url.scheme === 'etcds' ? { tls: true } : {}),
    ...(url.hosts.length > 0 ? { endpoints: url.hosts } : {}),
    ...(url.path !== '' && url.path !== '/' ? { prefix: url.path } : {}),
    ...(url.username === undefined ? {} : { username: url.username }),
    ...(url.password === undefined ? {} : { password: url.password }),
  };
}

/** Rules that span options. */
export function checkEtcdOptions(options: EtcdOptions): void {
  const refuse = (message: string): never => {
    throw new RollcallError('INVALID_CONFIG', `adapter etcd: ${message}`);
  };
  if ((options.username === undefined) !== (options.password === undefined)) refuse('username and password go together; one of them is missing');
  if ((options.cert === undefined) !== (options.key === undefined)) refuse('cert and key go together; one of them is missing');
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

/** One leading slash, none at the end: a prefix that ended in the middle of a name would list its longer neighbours too. */
function parsePrefix(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const prefix = `/${value.replace(/^\//, '').replace(/\/$/, '')}`;
   
  if (prefix === '/' || prefix.length > 512 || /[\u0000-\u0020\u007f]/.test(prefix)) return undefined;
  return prefix.slice(1).split('/').some((segment) => segment === '' || segment === '.' || segment === '..') ? undefined : prefix;
}
