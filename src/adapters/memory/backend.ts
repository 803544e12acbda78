import type { Backend } from '../../core/adapter.js';
import { closeInOrder } from '../../core/close-in-order.js';
import type { Discovery, Registry } from '../../core/ports.js';
import type { MemoryConnection } from './connection.js';
import type { MemoryLeaseStore } from './lease-store.js';
import type { MemoryServer } from './server.js';

interface Parts {
  readonly server: MemoryServer;
  readonly connection: MemoryConnection;
  readonly store: MemoryLeaseStore;
  readonly registry: Registry;
  readonly discovery: Discovery;
  /** Called once this connection is closed. */
  readonly onClosed: () => void;
}

/**
 * One connection to a memory server: both ports, and the faults a test may cause to this connection alone.
 * Those that hit every connection are on `server`.
 */
export class MemoryBackend implements Backend {
  readonly server: MemoryServer;
  readonly registry: Registry;
  readonly discovery: Discovery;
  readonly #parts: Parts;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.server = parts.server;
    this.registry = parts.registry;
    this.discovery = parts.discovery;
    this.#parts = parts;
  }

  /** Cuts this connection off: watches turn stale, requests fail with UNAVAILABLE, leases are not kept alive. */
  interrupt(): void {
    this.#parts.connection.interrupt();
  }

  /** Ends `interrupt`: watches catch up with whatever changed, lost registrations are written again. */
  restore(): void {
    this.#parts.connection.restore();
  }

  /** Revokes this connection's leases, as an operator might: its records are gone, and it finds out. */
  loseLeases(): void {
    this.#parts.store.loseLeases(this.server);
  }

  /** Stops the keepalives of this connection like those of a process that hangs; it learns of nothing until `thaw`. */
  freeze(): void {
    this.#parts.store.freeze();
  }

  thaw(): void {
    this.#parts.store.thaw();
  }

  // A property, not a method: `const { close } = connectMemory()` is how it is often used.
  readonly close = (): Promise<void> => {
    const { connection, onClosed } = this.#parts;
    this.#closed ??= closeInOrder('the memory connection', [
      ['registry', () => this.registry.close()],
      ['discovery', () => this.discovery.close()],
      ['connection', () => connection.close()],
      ['server', onClosed],
    ]);
    return this.#closed;
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
