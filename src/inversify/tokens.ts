import type { ServiceIdentifier } from 'inversify';

import type { Catalogue } from '../config/catalogue.js';
import type { RegistryConfig } from '../config/registry-config.js';
import type { Backend } from '../core/adapter.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { Discovery, Registry } from '../core/ports.js';
import type { Random } from '../core/random.js';
import type { ResolverHandle } from '../grpc/register-resolver.js';

/**
 * What the module binds. `Symbol.for`, so that two copies of the package in one process agree.
 * Those marked async come from `container.getAsync`; once they are open, `container.get` gives them too.
 */
export const TOKENS = {
  /** The checked configuration (async). */
  Config: Symbol.for('rollcall.Config') as ServiceIdentifier<RegistryConfig>,
  /** The adapters a configuration may name. */
  Catalogue: Symbol.for('rollcall.Catalogue') as ServiceIdentifier<Catalogue>,
  Clock: Symbol.for('rollcall.Clock') as ServiceIdentifier<Clock>,
  Random: Symbol.for('rollcall.Random') as ServiceIdentifier<Random>,
  Logger: Symbol.for('rollcall.Logger') as ServiceIdentifier<Logger>,
  /** The connection with both ports (async). */
  Backend: Symbol.for('rollcall.Backend') as ServiceIdentifier<Backend>,
  /** The write port (async). */
  Registry: Symbol.for('rollcall.Registry') as ServiceIdentifier<Registry>,
  /** The read port (async). */
  Discovery: Symbol.for('rollcall.Discovery') as ServiceIdentifier<Discovery>,
  /** The resolver that makes grpc-js find services through `Discovery` (async). grpc-js is loaded when this is asked for. */
  Resolver: Symbol.for('rollcall.Resolver') as ServiceIdentifier<ResolverHandle>,
} as const;
