import { connectMemory, ManualClock, type MemoryBackend, type MemoryConnectOptions, MemoryServer } from '../../src/adapters/memory/index.js';
import type { World } from '../../src/conformance/index.js';
import type { Backend } from '../../src/core/index.js';

export type MemoryWorld = World & { readonly server: MemoryServer; readonly clock: ManualClock };

/** A memory server on a clock that only the suite moves. `connect` lets a test put something broken in between. */
export function memoryWorld(connect: (options: MemoryConnectOptions) => Backend = connectMemory): Promise<MemoryWorld> {
  const clock = new ManualClock();
  const server = new MemoryServer({ clock });
  return Promise.resolve({
    server,
    clock,
    ttl: 3,
    patience: 10_000,
    connect: () => Promise.resolve(connect({ server, ttl: 3, requestTimeout: 2 })),
    close: () => undefined,
    pass: (ms) => clock.advance(ms),
    loseLease: (backend: MemoryBackend) => backend.loseLeases(),
    interrupt: (backend: MemoryBackend) => backend.interrupt(),
    restore: (backend: MemoryBackend) => backend.restore(),
    corrupt: (service, id) => server.corrupt(service, id),
    freeze: (backend: MemoryBackend) => backend.freeze(),
    thaw: (backend: MemoryBackend) => backend.thaw(),
    watches: (service) => server.watches(service),
    leases: () => server.leases,
  });
}
