import { type Cancellable, RollcallError } from '../../../src/core/index.js';
import { replacing } from '../broken-memory.js';
import type { Mutant } from './mutant.js';

const deaf = <T extends Cancellable>(options: T | undefined): T => ({ ...options, signal: undefined }) as T;

/** They break law 10. */
export const cancellingMutants: readonly Mutant[] = [
  {
    law: 'law 10',
    fault: 'takes no notice of the signal of get',
    faults: { discovery: (discovery) => replacing(discovery, { get: (service, options) => discovery.get(service, deaf(options)) }) },
  },
  {
    law: 'law 10',
    fault: 'takes no notice of the signal of services',
    faults: { discovery: (discovery) => replacing(discovery, { services: (options) => discovery.services(deaf(options)) }) },
  },
  {
    law: 'law 10',
    fault: 'takes no notice of the signal of watch',
    faults: { discovery: (discovery) => replacing(discovery, { watch: (service, options) => discovery.watch(service, deaf(options)) }) },
  },
  {
    law: 'law 10',
    fault: 'takes no notice of the signal of register',
    faults: { registry: (registry) => replacing(registry, { register: (init, options) => registry.register(init, deaf(options)) }) },
  },
  {
    law: 'law 10',
    fault: 'fails with the signal’s own error',
    faults: {
      discovery: (discovery) =>
        replacing(discovery, {
          get: async (service, options) => {
            options?.signal?.throwIfAborted();
            return discovery.get(service, options);
          },
        }),
    },
  },
  {
    law: 'law 10',
    fault: 'stores what was aborted',
    faults: {
      registry: (registry) =>
        replacing(registry, {
          register: async (init, options) => {
            const registration = await registry.register(init, deaf(options));
            if (options?.signal?.aborted === true) throw new RollcallError('ABORTED', 'aborted', { cause: options.signal.reason });
            return registration;
          },
        }),
    },
  },
];
