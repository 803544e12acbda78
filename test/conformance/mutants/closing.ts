import { type LeaseStore, RollcallError } from '../../../src/core/index.js';
import { iterating, replacing, watching } from '../broken-memory.js';
import { type Mutant, never, store } from './mutant.js';

/** They break law 9. */
export const closingMutants: readonly Mutant[] = [
  { law: 'law 9', fault: 'leaves its records behind', faults: store(() => ({ close: () => Promise.resolve() })) },
  { law: 'law 9', fault: 'goes on with a watch that is closed', faults: { discovery: watching(() => ({ close: () => undefined })) } },
  {
    law: 'law 9',
    fault: 'cannot be closed twice',
    faults: {
      backend: (backend) => {
        let closed = false;
        return replacing(backend, {
          close: () => {
            if (closed) return Promise.reject(new RollcallError('CLOSED', 'closed already'));
            closed = true;
            return backend.close();
          },
        });
      },
    },
  },
  {
    law: 'law 9',
    fault: 'goes on reading after close',
    faults: { discovery: (discovery) => replacing(discovery, { close: () => Promise.resolve() }) },
  },
  { law: 'law 9', fault: 'goes on writing after close', faults: { registry: (registry) => replacing(registry, { close: () => Promise.resolve() }) } },
  {
    law: 'law 9',
    fault: 'leaves a waiting reader waiting',
    faults: {
      discovery: watching((watch) => ({
        [Symbol.asyncIterator]: () => iterating(watch[Symbol.asyncIterator](), (result) => (result.done === true ? never : result)),
      })),
    },
  },
  {
    law: 'law 9',
    fault: 'leaves a waiting register waiting',
    faults: {
      registry: (registry) =>
        replacing(registry, {
          register: (...args) =>
            registry
              .register(...args)
              .catch((error: unknown) => ((error as RollcallError).code === 'CLOSED' ? never : Promise.reject(error as RollcallError))),
        }),
    },
  },
  {
    law: 'law 9',
    fault: 'waits for its backend to close',
    faults: {
      store: (inner, { clock }) =>
        replacing<LeaseStore>(inner, {
          close: async () => {
            const reachable = (): Promise<boolean> =>
              inner.remove([]).then(
                () => true,
                () => false,
              );
            while (!(await reachable())) {
              await new Promise<void>((resolve) => {
                clock.setTimer(resolve, 100);
              });
            }
            return inner.close();
          },
        }),
    },
  },
];
