import type { Catalogue } from './config/catalogue.js';
import type { ConfigSource } from './config/load-config.js';
import type { Backend } from './core/adapter.js';
import { throwIfAborted } from './core/cancellation.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/logger.js';
import { refuseUnknown } from './core/options.js';
import type { Random } from './core/random.js';

export interface ConnectOptions {
  /** Where the library says what happened. Default: nowhere. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: Math.random. */
  readonly random?: Random | undefined;
  /** The adapters that the configuration may name. Default: the shipped ones and those of `registerAdapter`. */
  readonly catalogue?: Catalogue | undefined;
  /** Stops connecting: it rejects with ABORTED and leaves nothing open. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to a registry: both ports of it, until `close()`.
 * @param source a URL (`etcd://h1:2379,h2:2379/prefix?ttl=5`, `memory:`) or a configuration object. Default: the URL in the
 *   environment variable ROLLCALL_REGISTRY.
 * @throws RollcallError INVALID_CONFIG, UNKNOWN_ADAPTER, UNKNOWN_OPTION; UNAVAILABLE, TIMEOUT, UNAUTHENTICATED or
 *   PERMISSION_DENIED by the backend; ABORTED. Nothing stays open then.
 */
export async function connect(source?: ConfigSource, options: ConnectOptions = {}): Promise<Backend> {
  refuseUnknown(options, ['logger', 'clock', 'random', 'catalogue', 'signal'], 'connect');
  throwIfAborted(options.signal, 'connecting');
  // Loaded here and not at the top: whoever imports this package for its types, errors or memory adapter needs no container.
  const [{ Container }, { rollcallModule, TOKENS }] = await Promise.all([import('inversify'), import('./inversify/index.js')]);
  const container = new Container();
  container.load(rollcallModule(source, options));
  try {
    const [registry, discovery] = await Promise.all([container.getAsync(TOKENS.Registry), container.getAsync(TOKENS.Discovery)]);
    const close = (): Promise<void> => container.unbindAllAsync();
    return { registry, discovery, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await container.unbindAllAsync();
    throw error;
  }
}
