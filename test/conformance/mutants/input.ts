import { connectMemory } from '../../../src/adapters/memory/index.js';
import type { InstanceInit } from '../../../src/core/index.js';
import { type Faults, replacing } from '../broken-memory.js';
import { type Mutant, registration } from './mutant.js';

const lenient = (field: 'service' | 'address' | 'weight' | 'metadata' | 'id' | 'wieght', by: unknown): Faults => ({
  registry: (registry) =>
    replacing(registry, {
      register: (init, options) =>
        registry.register(init, options).catch(() => {
          const others = Object.entries(init).filter(([name]) => name !== field);
          const mended = Object.fromEntries(by === undefined ? others : [...others, [field, by]]);
          return registry.register(mended as unknown as InstanceInit, options);
        }),
    }),
});

/** They let bad input pass. */
export const inputMutants: readonly Mutant[] = [
  { law: 'bad input: an illegal service', fault: 'mends an illegal service name', faults: lenient('service', 'mended') },
  { law: 'bad input: an address', fault: 'mends an illegal address', faults: lenient('address', '127.0.0.1:80') },
  { law: 'bad input: a weight', fault: 'mends an illegal weight', faults: lenient('weight', 1) },
  { law: 'bad input: metadata', fault: 'drops illegal metadata', faults: lenient('metadata', {}) },
  { law: 'bad input: an illegal id', fault: 'mends an illegal id', faults: lenient('id', 'mended') },
  { law: 'bad input: an unknown field', fault: 'takes no notice of an unknown field', faults: lenient('wieght', undefined) },
  {
    law: 'bad input: an illegal TTL',
    fault: 'takes any TTL',
    faults: { registry: (registry) => replacing(registry, { register: (init) => registry.register(init) }) },
  },
  { law: 'bad input: a record too large', fault: 'cuts a record that is too large', faults: lenient('metadata', {}) },
  {
    law: 'bad input: an update',
    fault: 'takes no notice of an illegal update',
    faults: registration((handle) => ({ update: (...args) => handle.update(...args).catch(() => undefined) })),
  },
  {
    law: 'bad input: registering an id twice',
    fault: 'takes the same id twice',
    faults: {
      registry: (registry, server) =>
        replacing(registry, { register: (...args) => registry.register(...args).catch(() => connectMemory({ server }).registry.register(...args)) }),
    },
  },
];
