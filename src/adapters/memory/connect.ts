import type { BackoffOptions } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import { LeasedRegistry } from '../../core/leased-registry.js';
import { guardedLogger, type Logger, silentLogger } from '../../core/logger.js';
import { parseOptions } from '../../core/options.js';
import type { Seconds } from '../../core/ports.js';
import { type Random, systemRandom } from '../../core/random.js';
import { SharedDiscovery } from '../../core/shared-discovery.js';
import { MemoryBackend } from './backend.js';
import { MemoryConnection } from './connection.js';
import { MemoryLeaseStore } from './lease-store.js';
import { memoryOptions } from './options.js';
import { MemoryServer } from './server.js';
import { MemorySource } from './source.js';

export interface MemoryConnectOptions {
  /** Share one server with every connection of this process that gives the same name. Default: a server of its own. */
  readonly name?: string | undefined;
  /** Attach to this server instead; not together with `name`. */
  readonly server?: MemoryServer | undefined;
  /** The TTL of registrations that do not ask for one, in seconds. Default 5. */
  readonly ttl?: Seconds | undefined;
  /** How long `get`, `services`, `register`, `update` and `deregister` try to reach an interrupted server, in seconds. Default 5. */
  readonly requestTimeout?: Seconds | undefined;
  /** What keepalives, timeouts and waits run on. Default: the server's; a new server expires leases on it as well. */
  readonly clock?: Clock | undefined;
  /** Default Math.random. */
  readonly random?: Random | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** How waits between tries grow. */
  readonly backoff?: BackoffOptions | undefined;
}

/** The servers that have a name and at least one connection. */
const named = new Map<string, MemoryServer>();

/**
 * Opens a connection to a registry that lives in this process.
 * @throws RollcallError INVALID_CONFIG
 */
export function connectMemory(options: MemoryConnectOptions = {}): MemoryBackend {
  const { name, ttl } = parseOptions(memoryOptions, { name: options.name, ttl: options.ttl }, 'adapter memory');
  const { random = systemRandom, backoff } = options;
  const logger = guardedLogger(options.logger ?? silentLogger);
  const server = findServer(options, name);
  const clock = options.clock ?? server.clock;
  const timeoutMs = (options.requestTimeout ?? 5) * 1000;
  const connection = new MemoryConnection(server, { clock, logger });
  let store!: MemoryLeaseStore;
  const registry = new LeasedRegistry(
    (events) => (store = new MemoryLeaseStore(connection, events, { ttl, clock })),
    { clock, random, logger, timeoutMs, connection: connection.monitor, ...(backoff === undefined ? {} : { backoff }) },
  );
  return new MemoryBackend({
    server,
    connection,
    store,
    registry,
    discovery: new SharedDiscovery(new MemorySource(connection, { clock, random, timeoutMs }), { clock, logger, connection: connection.monitor }),
    onClosed: () => {
      // The last one out: whatever an interrupted connection left behind goes too, unless the server is the caller's own.
      if (options.server !== undefined || server.connections > 0) return;
      if (name !== undefined) named.delete(name);
      server.dispose();
    },
  });
}

function findServer({ server, clock }: MemoryConnectOptions, name: string | undefined): MemoryServer {
  if (server !== undefined) {
    if (name !== undefined) throw new RollcallError('INVALID_CONFIG', 'adapter memory: give a name or a server, not both');
    return server;
  }
  const found = name === undefined ? undefined : named.get(name);
  if (found !== undefined) return found;
  const created = new MemoryServer(clock === undefined ? {} : { clock });
  if (name !== undefined) named.set(name, created);
  return created;
}
