/** `rollcall/memory`: a registry within one process; for demos, tests, and as the reference of how an adapter behaves. */
import type { Adapter } from '../../core/adapter.js';
import { abortedError } from '../../core/cancellation.js';
import { connectMemory } from './connect.js';
import { memoryOptions, memoryOptionsFromUrl } from './options.js';

export { MemoryBackend } from './backend.js';
export { connectMemory, type MemoryConnectOptions } from './connect.js';
export { ManualClock } from './manual-clock.js';
export { MemoryServer } from './server.js';

export const memoryAdapter: Adapter<typeof memoryOptions> = {
  name: 'memory',
  options: memoryOptions,
  fromUrl: memoryOptionsFromUrl,
  connect({ name, ttl }, { clock, random, logger, signal }) {
    if (signal?.aborted === true) return Promise.reject(abortedError(signal, 'connecting'));
    return Promise.resolve(connectMemory({ name, ttl, clock, random, logger }));
  },
};
