import { networkInterfaces } from 'node:os';

import type { ServerCredentials } from '@grpc/grpc-js';

import { type Clock, systemClock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import type { InstanceInit } from '../../core/instance.js';
import { guardedLogger, type Logger, silentLogger } from '../../core/logger.js';
import { custom, number, type Option, parseOptions } from '../../core/options.js';
import type { Registry, Seconds } from '../../core/ports.js';
import type { Interfaces } from '../advertise.js';
import { withServiceConfig } from '../service-config/publish.js';
import type { ServiceConfigInit } from '../service-config/service-config-init.js';
import type { HealthService } from './health-service.js';

export interface ServeOptions extends Omit<InstanceInit, 'address'> {
  /** Where the server is registered. Stays the caller's: `stop()` does not close it. */
  readonly registry: Registry;
  /** `localhost:8000`, `0.0.0.0:8000`, `[::]:0`, `unix:/run/x.sock`. Port 0 lets the system choose. */
  readonly bind: string;
  readonly credentials: ServerCredentials;
  /**
   * What clients dial: a host, to which the bound port is added, or `host:port`. Default: the host of `bind`; if that means
   * every interface, this machine's address, provided it has only one that others can reach.
   */
  readonly advertise?: string | undefined;
  /** How long the record outlives this process when it dies without a word. Default: the registry's. */
  readonly ttl?: Seconds | undefined;
  /**
   * The gRPC service config that clients of the service are to use, published with the instance and kept by `update`. Default: none.
   * @see withServiceConfig
   */
  readonly serviceConfig?: ServiceConfigInit | string | undefined;
  /**
   * The standard `grpc.health.v1` service: `true` adds it, SERVING for the server (''), for `service` and for each gRPC service of the server
   * while it is serving; `false` leaves it out; a `HealthImplementation` of yours is used in its place, and of its names only '' and those that
   * you set are touched. A server that has one already keeps it. Default true.
   */
  readonly health?: boolean | HealthService | undefined;
  /** How long `stop` goes on serving after the record is gone, so that every client has heard of it. Default 0.3. */
  readonly propagationDelay?: Seconds | undefined;
  /** How long calls under way may take to finish before `stop` cuts them. Default 10. */
  readonly grace?: Seconds | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: `os.networkInterfaces`. */
  readonly interfaces?: Interfaces | undefined;
  /** Gives up starting: rejects with ABORTED and leaves nothing running. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
}

/** An option that is looked at where it is used, with a message of its own. */
function passed<T>(describe: string): Option<T | undefined> {
  return custom<T | undefined>({ describe, expects: 'anything', secret: true, fallback: undefined, parse: (value) => value as T });
}

const day = 86_400;

const specs = {
  registry: custom<Registry | undefined>({
    describe: 'where the server is registered',
    expects: 'a Registry; pass the registry of what connect() gave',
    fallback: undefined,
    parse: (value) => (typeof (value as Partial<Registry> | null)?.register === 'function' ? (value as Registry) : undefined),
  }),
  service: passed<string>('the logical name'),
  bind: passed<string>('where it listens'),
  credentials: passed<ServerCredentials>('grpc-js ServerCredentials'),
  advertise: passed<string>('what clients dial'),
  id: passed<string>('its identity within the service'),
  weight: passed<number>('its share of calls'),
  version: passed<string>('its version'),
  zone: passed<string>('its zone'),
  metadata: passed<Readonly<Record<string, string>>>('published with the instance'),
  ttl: passed<Seconds>('seconds that the record outlives the process'),
  serviceConfig: passed<ServiceConfigInit | string>('the service config of its clients'),
  health: custom<boolean | HealthService>({
    describe: 'the standard health service',
    expects: 'true, false or a HealthImplementation of grpc-health-check',
    fallback: true,
    parse: (value) => (typeof value === 'boolean' || isHealthService(value) ? value : undefined),
  }),
  propagationDelay: number({ describe: 'seconds that stop goes on serving', fallback: 0.3, min: 0, max: day, unit: 'seconds' }),
  grace: number({ describe: 'seconds that calls under way may take', fallback: 10, min: 0, max: day, unit: 'seconds' }),
  logger: passed<Logger>('lines about what happens'),
  clock: passed<Clock>('for tests'),
  interfaces: passed<Interfaces>('for tests'),
  signal: passed<AbortSignal>('gives up starting'),
};

/** What stands in the record for metadata of the owner's. */
export type Publishing = (metadata: Readonly<Record<string, string>> | undefined) => Readonly<Record<string, string>> | undefined;

type Filled = 'registry' | 'health' | 'propagationDelay' | 'grace' | 'logger' | 'clock' | 'interfaces';

export type ParsedServeOptions = Omit<ServeOptions, 'serviceConfig' | Filled> & {
  readonly [K in Filled]: NonNullable<ServeOptions[K]>;
} & { readonly publishing: Publishing };

/**
 * The options with what is missing filled in, and the metadata with the service config.
 * @throws RollcallError UNKNOWN_OPTION or INVALID_CONFIG.
 */
export function parseServeOptions(options: ServeOptions): ParsedServeOptions {
  const parsed = parseOptions(specs, { ...options }, 'serve');
  const { metadata, serviceConfig, registry, logger = silentLogger, clock = systemClock, interfaces = networkInterfaces } = parsed;
  if (registry === undefined) throw new RollcallError('INVALID_CONFIG', `option "registry" of serve is missing; it is ${specs.registry.expects}`);
  const publishing: Publishing = (wanted) => (serviceConfig === undefined ? wanted : withServiceConfig(wanted, serviceConfig));
  const { service, bind, credentials } = options;
  return { ...parsed, registry, service, bind, credentials, clock, interfaces, logger: guardedLogger(logger), metadata: publishing(metadata), publishing };
}

function isHealthService(value: unknown): value is HealthService {
  const { setStatus, addToServer } = (value ?? {}) as Partial<HealthService>;
  return typeof setStatus === 'function' && typeof addToServer === 'function';
}
