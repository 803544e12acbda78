// Inversify keeps what its decorators say as reflected metadata, and leaves it to its users to load that.
import 'reflect-metadata';

import { ContainerModule, type ServiceIdentifier } from 'inversify';

import type { Catalogue } from '../config/catalogue.js';
import type { ConfigSource } from '../config/load-config.js';
import type { RegistryConfig } from '../config/registry-config.js';
import { defaultCatalogue } from '../config/shipped.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { Discovery } from '../core/ports.js';
import { refuseUnknown } from '../core/options.js';
import { type Random, systemRandom } from '../core/random.js';
import type { RegisterResolverOptions } from '../grpc/register-resolver.js';
import { Connection } from './connection.js';
import { TOKENS } from './tokens.js';

export interface ModuleOptions {
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: Math.random. */
  readonly random?: Random | undefined;
  /** Default: the shipped adapters and those of `registerAdapter`. */
  readonly catalogue?: Catalogue | undefined;
  /** Stops a connection that is being opened, which then rejects with ABORTED. What is open stays open. */
  readonly signal?: AbortSignal | undefined;
  /** The target scheme of the gRPC resolver, as in `etcd:///simple_grpc`. Default: the adapter's name. */
  readonly scheme?: string | undefined;
  /** How the gRPC resolver chooses and balances: what `registerResolver` takes, for all services and for each. Default: its defaults. */
  readonly resolver?: ResolverOptions | undefined;
}

/** Without what the module itself gives it. */
export type ResolverOptions = Omit<RegisterResolverOptions, 'scheme' | 'discovery' | 'clock' | 'random' | 'logger'>;

/**
 * Everything of one registry for a container, bound to `TOKENS`. Nothing is opened before it is asked for.
 * `await container.unbindAllAsync()` closes what was; `unbindAll()` throws while something is open.
 * @param source a URL or a configuration object. Default: the environment variable ROLLCALL_REGISTRY.
 * @throws RollcallError UNKNOWN_OPTION
 */
export function rollcallModule(source?: ConfigSource, options: ModuleOptions = {}): ContainerModule {
  refuseUnknown(options, ['logger', 'clock', 'random', 'catalogue', 'signal', 'scheme', 'resolver'], 'rollcallModule');
  const { logger = silentLogger, clock = systemClock, random = systemRandom, catalogue = defaultCatalogue, signal, scheme, resolver } = options;
  return new ContainerModule(({ bind }) => {
    // Of this container alone: the one singleton, which keeps what was opened and closes it in order. Inversify
    // deactivates all singletons at the same time, so the parts cannot be singletons of their own.
    const connectionToken = Symbol('rollcall.Connection') as ServiceIdentifier<Connection>;
    bind(connectionToken)
      .toDynamicValue(() => new Connection())
      .inSingletonScope()
      .onDeactivation((connection) => connection.close());

    bind(TOKENS.Logger).toConstantValue(logger);
    bind(TOKENS.Clock).toConstantValue(clock);
    bind(TOKENS.Random).toConstantValue(random);
    bind(TOKENS.Catalogue).toConstantValue(catalogue);
    bind(TOKENS.Config).toResolvedValue((connection: Connection, adapters: Catalogue) => connection.config(source, adapters), [connectionToken, TOKENS.Catalogue]);
    bind(TOKENS.Backend).toResolvedValue(
      (connection: Connection, config: RegistryConfig, clock: Clock, random: Random, logger: Logger) => connection.backend(config, { clock, random, logger, signal }),
      [connectionToken, TOKENS.Config, TOKENS.Clock, TOKENS.Random, TOKENS.Logger],
    );
    bind(TOKENS.Registry).toResolvedValue((backend) => backend.registry, [TOKENS.Backend]);
    bind(TOKENS.Discovery).toResolvedValue((backend) => backend.discovery, [TOKENS.Backend]);
    bind(TOKENS.Resolver).toResolvedValue(
      (connection: Connection, config: RegistryConfig, discovery: Discovery, clock: Clock, random: Random, logger: Logger) =>
        connection.resolver({ ...resolver, scheme: scheme ?? config.adapter, discovery, clock, random, logger }),
      [connectionToken, TOKENS.Config, TOKENS.Discovery, TOKENS.Clock, TOKENS.Random, TOKENS.Logger],
    );
  });
}
