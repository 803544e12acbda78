import type { ChannelOptions } from '@grpc/grpc-js';

import { type Clock, systemClock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { guardedLogger, type Logger, silentLogger } from '../core/logger.js';
import { refuseUnknown } from '../core/options.js';
import type { Cancellable, Discovery, Seconds } from '../core/ports.js';
import { quote } from '../core/quote.js';
import { type Random, systemRandom } from '../core/random.js';
import type { Explanation } from '../core/selection/explain.js';
import { parseServiceName } from '../core/service-name.js';
import { registerPolicies } from './balancer/register.js';
import type { ChannelStatus } from './channel-status.js';
import { DiscoveryResolver } from './discovery-resolver.js';
import { explainChannel, explainSnapshot } from './explain-service.js';
import { type GrpcUri, registerResolverClass, type ResolverConstructor, type ResolverListener } from './experimental.js';
import { RunningChannels } from './running-channels.js';
import { type DirectoryEntry, SchemeDirectory } from './scheme-directory.js';
import { serviceOptionNames, type ServiceOptions, ServicePlans } from './service-options.js';
import { defaultAuthority, formatDiscoveryTarget, parseResolverName, parseScheme } from './target.js';

export interface RegisterResolverOptions extends ServiceOptions {
  /** The scheme of the targets to resolve: `etcd` for `etcd:///simple_grpc`. Lower case; not one of grpc-js's own. */
  readonly scheme: string;
  /** Where instances are looked up. Stays the caller's: closing the handle does not close it. */
  readonly discovery: Discovery;
  /** For several discoveries under one scheme: this one answers `etcd://name/service`. Default: the one for `etcd:///service`. */
  readonly name?: string | undefined;
  /** Options of single services, by name; each goes before the one for all services. Default: none. */
  readonly services?: Readonly<Record<string, ServiceOptions>> | undefined;
  /** How long the first calls wait for the discovery's first answer, then they fail with UNAVAILABLE. Default 5. */
  readonly initialTimeout?: Seconds | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Decides with which instance each channel starts. Default: Math.random. */
  readonly random?: Random | undefined;
}

export interface ResolverHandle extends Disposable {
  /**
   * The target of a service, for any grpc-js client: `etcd:///simple_grpc`.
   * @throws RollcallError INVALID_SERVICE.
   */
  target(service: string): string;
  /** The given channel options, and with them what targets of this library need: no HTTP proxy (see docs/grpc.md). */
  channelOptions(options?: ChannelOptions): ChannelOptions;
  /** How each channel that uses this resolver stands, in the order in which they started. */
  readonly channels: readonly ChannelStatus[];
  /**
   * Each record of a service, kept or dropped and why, and the share of calls that each instance gets: as the newest channel of it sees it, with what
   * it knows of its connections; without one, as a channel would that begins now.
   * @throws RollcallError INVALID_SERVICE, and without a channel what `Discovery.get` throws.
   */
  explain(service: string, options?: Cancellable): Promise<Explanation>;
  /** Ends the resolver: calls on channels that use it fail with UNAVAILABLE. Idempotent. The name is free again. */
  close(): void;
}

const directories = new Map<string, SchemeDirectory>();

/**
 * Teaches grpc-js to resolve targets of a scheme by a discovery. Every client of this process can use them from then on,
 * balanced over all instances without further options.
 * @throws RollcallError INVALID_CONFIG, naming the option, or saying that scheme and name are taken.
 */
export function registerResolver(options: RegisterResolverOptions): ResolverHandle {
  const { services, discovery, initialTimeout = 5, logger = silentLogger, clock = systemClock, random = systemRandom } = options;
  const scheme = parseScheme(options.scheme);
  const name = options.name === undefined ? '' : parseResolverName(options.name);
  if (typeof initialTimeout !== 'number' || !(initialTimeout > 0 && initialTimeout <= 86_400)) {
    throw new RollcallError('INVALID_CONFIG', `initialTimeout ${quote(initialTimeout)} is not a number of seconds above 0, up to 86400`);
  }
  if (typeof (discovery as Partial<Discovery> | undefined)?.watch !== 'function') {
    throw new RollcallError('INVALID_CONFIG', 'option "discovery" of registerResolver is not a Discovery; pass the discovery of what connect() gave');
  }
  const directory = directoryOf(scheme);
  if (directory.get(name) !== undefined) {
    const target = formatDiscoveryTarget(scheme, { name, service: '…' });
    throw new RollcallError('INVALID_CONFIG', `a resolver for ${target} is registered already; close its handle first, or give this one another name`);
  }
  const plans = new ServicePlans(serviceOptionsOf(options), services, 'registerResolver');
  warnOfProxy(logger);
  const channels = new RunningChannels();
  const entry: DirectoryEntry = { discovery, initialTimeoutMs: initialTimeout * 1000, plans, channels, clock, random, logger: guardedLogger(logger) };
  directory.set(name, entry);
  const close = (): void => {
    directory.delete(name, entry);
  };
  return {
    target: (service) => formatDiscoveryTarget(scheme, { name, service: parseServiceName(service) }),
    channelOptions: (given = {}) => ({ ...given, 'grpc.enable_http_proxy': 0 }),
    get channels() {
      return channels.statuses;
    },
    explain: async (service, { signal } = {}) => {
      const parsed = parseServiceName(service);
      const running = channels.of(parsed);
      const known = running === undefined ? undefined : explainChannel(running);
      return known ?? explainSnapshot(await discovery.get(parsed, { signal }), plans.of(parsed));
    },
    close,
    [Symbol.dispose]: close,
  };
}

const ownNames: readonly string[] = ['scheme', 'discovery', 'name', 'services', 'initialTimeout', 'logger', 'clock', 'random'];

/** Those that hold for every service. What neither is one of them nor this function's own is refused with all that may be given. */
function serviceOptionsOf(options: RegisterResolverOptions): Readonly<Record<string, unknown>> {
  refuseUnknown(options, [...ownNames, ...serviceOptionNames], 'registerResolver');
  const general = Object.entries(options).filter(([key]) => !ownNames.includes(key));
  return Object.fromEntries(general);
}

/** grpc-js knows one class per scheme, the last one registered, for ever: ours is registered once and looks further by itself. */
function directoryOf(scheme: string): SchemeDirectory {
  let directory = directories.get(scheme);
  if (directory === undefined) {
    registerPolicies();
    directory = new SchemeDirectory(scheme);
    directories.set(scheme, directory);
  }
  // Each time: of two copies of this package in one process the one that was used last answers, or it never would.
  registerResolverClass(scheme, resolverClass(directory));
  return directory;
}

function resolverClass(directory: SchemeDirectory): ResolverConstructor {
  return class extends DiscoveryResolver {
    constructor(target: GrpcUri, listener: ResolverListener, options: ChannelOptions) {
      super(directory, target, listener, options);
    }

    static getDefaultAuthority(target: GrpcUri): string {
      return defaultAuthority(target);
    }
  };
}

/** The variables that grpc-js reads, in its order. With one of them set, it never asks a resolver but sends every call to the proxy. */
function warnOfProxy(logger: Logger): void {
  const variable = ['grpc_proxy', 'https_proxy', 'http_proxy'].find((each) => (process.env[each] ?? '') !== '');
  if (variable === undefined) return;
  logger.warn({ variable }, `${variable} is set: create clients with the resolver's channelOptions(), or grpc-js sends their calls to the proxy`);
}
