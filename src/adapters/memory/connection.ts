import { ConnectionMonitor, type ConnectionMonitorDeps } from '../../core/connection-monitor.js';
import { closedError, RollcallError } from '../../core/errors.js';
import { Listeners } from '../../core/listeners.js';
import type { MemoryServer } from './server.js';

/** One client's line to a server. States: `connected` ⇄ `interrupted`, and `closed` for good. */
export class MemoryConnection {
  /** What both ports say of this connection. */
  readonly monitor: ConnectionMonitor;
  readonly #server: MemoryServer;
  readonly #listeners: Listeners<[trouble: RollcallError | undefined]>;
  #state: 'connected' | 'interrupted' | 'closed' = 'connected';

  constructor(server: MemoryServer, deps: ConnectionMonitorDeps) {
    this.#server = server;
    this.#listeners = new Listeners(deps.logger, 'the memory connection');
    this.monitor = new ConnectionMonitor(deps);
    this.monitor.connected();
    server.attach(this);
  }

  /** Why the server cannot be reached now, if so. */
  get trouble(): RollcallError | undefined {
    if (this.#state === 'connected') return undefined;
    if (this.#state === 'closed') return closedError('the memory connection');
    return new RollcallError('UNAVAILABLE', 'the memory server cannot be reached: its connection is interrupted');
  }

  /** Runs one request, a moment later as over a network. */
  async request<T>(work: (server: MemoryServer) => T): Promise<T> {
    await Promise.resolve();
    const { trouble } = this;
    if (trouble !== undefined) throw trouble;
    this.monitor.saw(this.#server.revision.toString());
    return work(this.#server);
  }

  /** Where the server pushes to us and we answer at once; `undefined` when it cannot be reached. */
  get server(): MemoryServer | undefined {
    return this.#state === 'connected' ? this.#server : undefined;
  }

  /** Called on every interruption with what is wrong, and with `undefined` once it is over. */
  subscribe(listener: (trouble: RollcallError | undefined) => void): Disposable {
    return this.#listeners.add(listener);
  }

  interrupt(): void {
    if (this.#state !== 'connected') return;
    this.#state = 'interrupted';
    const { trouble } = this;
    if (trouble !== undefined) this.monitor.lost(trouble);
    this.#listeners.emit(trouble);
  }

  restore(): void {
    if (this.#state !== 'interrupted') return;
    this.#state = 'connected';
    this.monitor.connected();
    this.#listeners.emit(undefined);
  }

  close(): void {
    this.#state = 'closed';
    this.#listeners.clear();
    this.#server.detach(this);
  }
}
