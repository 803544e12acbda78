import { type ConfigSource, loadConfig } from '../config/load-config.js';
import type { Catalogue } from '../config/catalogue.js';
import type { RegistryConfig } from '../config/registry-config.js';
import type { AdapterDeps, Backend } from '../core/adapter.js';
import { linkSignals } from '../core/cancellation.js';
import { closeInOrder } from '../core/close-in-order.js';
import { closedError, toRollcallError } from '../core/errors.js';
import type { RegisterResolverOptions, ResolverHandle } from '../grpc/register-resolver.js';
import { OpenedOnce, type Resolved } from './opened-once.js';

/**
 * All that a container opened, and so has to close: the configuration, the backend, the resolver.
 *
 *     usable → closing → closed
 */
export class Connection {
  readonly #config = new OpenedOnce<RegistryConfig>();
  readonly #backend = new OpenedOnce<Backend>();
  readonly #resolver = new OpenedOnce<ResolverHandle>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  config(source: ConfigSource | undefined, catalogue: Catalogue): Resolved<RegistryConfig> {
    return this.#config.get(() => loadConfig(source, { catalogue }));
  }

  /** @param signal stops the opening; it has no bearing on what is open already */
  backend(config: RegistryConfig, deps: AdapterDeps): Resolved<Backend> {
    return this.#backend.get(async () => {
      this.#throwIfClosed();
      const linked = linkSignals(deps.signal, this.#closing.signal);
      try {
        return await config.connect({ ...deps, signal: linked.signal });
      } finally {
        linked[Symbol.dispose]();
      }
    });
  }

  resolver(options: RegisterResolverOptions): Resolved<ResolverHandle> {
    return this.#resolver.get(async () => {
      this.#throwIfClosed();
      try {
        const { registerResolver } = await import('../grpc/register-resolver.js');
        this.#throwIfClosed();
        return registerResolver(options);
      } catch (error) {
        throw toRollcallError(error, 'registering the gRPC resolver');
      }
    });
  }

  /**
   * Closes resolver, registry, discovery and connection, in this order, each whether or not the ones before it failed.
   * @returns `undefined` where nothing was opened, so that the synchronous `container.unbindAll()` works as well
   * @throws RollcallError INTERNAL with all failures, the first time; closing again is then quiet, as nothing is left to close.
   */
  close(): Promise<void> | undefined {
    if (this.#closed !== undefined) return this.#closed;
    if (this.#backend.idle && this.#resolver.idle) {
      this.#closed = Promise.resolve();
      this.#closing.abort(closedError('the container’s connection'));
      return undefined;
    }
    const closed = this.#close();
    this.#closed = closed;
    closed.catch(() => {
      this.#closed = Promise.resolve();
    });
    return closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(closedError('the container’s connection'));
    const resolver = await this.#resolver.settled();
    const backend = await this.#backend.settled();
    await closeInOrder('the container’s connection', [
      ['resolver', () => resolver?.close()],
      ['registry', () => backend?.registry.close()],
      ['discovery', () => backend?.discovery.close()],
      ['connection', () => backend?.close()],
    ]);
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw closedError('the container’s connection');
  }
}
