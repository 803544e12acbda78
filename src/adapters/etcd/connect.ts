import type { AdapterDeps, Backend } from '../../core/adapter.js';
import { ConnectionMonitor } from '../../core/connection-monitor.js';
import { closeInOrder } from '../../core/close-in-order.js';
import { LeasedRegistry } from '../../core/leased-registry.js';
import { guardedLogger } from '../../core/logger.js';
import { SharedDiscovery } from '../../core/shared-discovery.js';
import { AuthToken } from './auth-token.js';
import { readTlsFiles } from './credentials.js';
import { EtcdLeaseStore } from './etcd-lease-store.js';
import { EtcdSource } from './etcd-source.js';
import { checkEtcdOptions, type CheckedEtcdOptions } from './options.js';
import { placesOf } from './places.js';
import { RecordCodec } from './record-codec.js';
import { EtcdSession } from './session.js';
import { timingsOf } from './timings.js';
import { openTransport } from './transport.js';
import { WatchStream } from './watch-stream.js';

/**
 * Connects to etcd: one session, one watch stream, one lease per TTL, shared by both ports.
 * @throws RollcallError INVALID_CONFIG; UNAUTHENTICATED; UNAVAILABLE when etcd does not answer within `connectTimeout`;
 *   ABORTED. Nothing is left running then.
 */
export async function connectWithOptions(options: CheckedEtcdOptions, deps: AdapterDeps): Promise<Backend> {
  checkEtcdOptions(options);
  // Once before anything is opened: a missing file is a mistake to be told at once, not trouble to be waited out.
  if (options.tls) readTlsFiles(options);
  const { clock, random } = deps;
  const logger = guardedLogger(deps.logger);
  const codec = new RecordCodec(placesOf(options.layout, options.prefix), new Set(options.drop));
  const connection = new ConnectionMonitor({ clock, logger });
  const timings = timingsOf(options);
  const token = new AuthToken(timings.refusedRetry, { clock, random });
  const session = new EtcdSession(
    {
      endpoints: options.endpoints,
      roots: codec.roots,
      requestTimeoutMs: options.requestTimeout * 1000,
      timings,
      openTransport: (endpoint) => openTransport(endpoint, options, token),
    },
    { clock, random, logger, connection },
  );
  try {
    await session.start(options.waitForReady ? undefined : options.connectTimeout * 1000, deps.signal);
  } catch (error) {
    await session.close();
    throw error;
  }
  const watches = new WatchStream(session, { clock, logger });
  const shared = { session, watches, codec, clock, random, logger };
  const registry = new LeasedRegistry((events) => new EtcdLeaseStore(events, { ...shared, defaultTtl: options.ttl }), {
    clock,
    random,
    logger,
    timeoutMs: options.requestTimeout * 1000,
    backoff: timings.retry,
    refusedBackoff: timings.refusedRetry,
    connection,
  });
  const discovery = new SharedDiscovery(new EtcdSource(shared), { clock, logger, connection });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeInOrder('the connection to etcd', [
      ['registry', () => registry.close()],
      ['discovery', () => discovery.close()],
      ['watches', () => watches.close()],
      ['session', () => session.close()],
    ]);
    return closed;
  };
  return { registry, discovery, close, [Symbol.asyncDispose]: close };
}
