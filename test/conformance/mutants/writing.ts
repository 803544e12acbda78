import type { LeaseStore } from '../../../src/core/index.js';
import { replacing } from '../broken-memory.js';
import { type Mutant, store } from './mutant.js';

/** They break laws 6 to 8. */
export const writingMutants: readonly Mutant[] = [
  {
    law: 'law 6',
    fault: 'resolves before it has stored',
    faults: {
      store: (inner, { clock }) =>
        replacing<LeaseStore>(inner, {
          write: (records, ttl) => {
            clock.setTimer(() => void inner.write(records, ttl), 500);
            return Promise.resolve(records.map(() => 'stored' as const));
          },
        }),
    },
  },
  {
    law: 'law 6',
    fault: 'resolves before it has removed',
    faults: {
      store: (inner, { clock }) =>
        replacing<LeaseStore>(inner, {
          remove: (instances) => {
            clock.setTimer(() => void inner.remove(instances), 500);
            return Promise.resolve();
          },
        }),
    },
  },
  {
    law: 'law 6',
    fault: 'stores no updates',
    faults: store((inner) => ({
      write: async (records, ttl) => {
        await inner.write(
          records.filter(({ mode }) => mode === 'claim'),
          ttl,
        );
        return records.map(() => 'stored' as const);
      },
    })),
  },
  {
    law: 'law 7',
    fault: 'sends no keepalives',
    faults: {
      store: (inner) => {
        inner.freeze();
        return inner;
      },
    },
  },
  { law: 'law 7', fault: 'takes leases longer than asked for', faults: store((inner) => ({ write: (records, ttl) => inner.write(records, ttl * 100) })) },
  { law: 'law 7', fault: 'does not notice a lost lease', faults: { events: (events) => ({ ...events, lost: () => undefined }) } },
  {
    law: 'law 7',
    fault: 'heals a lost lease once only',
    faults: {
      events: (events) => {
        let healed = 0;
        return {
          ...events,
          lost: (...args) => {
            if (healed++ === 0) events.lost(...args);
          },
        };
      },
    },
  },
  {
    law: 'law 7',
    fault: 'heals only one of the registrations',
    faults: { events: (events) => ({ ...events, lost: (instances, reason) => events.lost(instances.slice(0, 1), reason) }) },
  },
  {
    law: 'law 7',
    fault: 'calls itself active however long the backend is silent',
    faults: { events: (events) => ({ ...events, doubtful: () => undefined }) },
  },
  {
    law: 'law 7',
    fault: 'forgets a deregistration that met trouble',
    faults: store((inner) => ({ remove: (instances) => inner.remove(instances).catch(() => undefined) })),
  },
  {
    // The case asks at once, so an adapter that is deaf to the news, but writes as it should, passes it.
    law: 'law 8: the newer owner’s values',
    fault: 'takes an id back from its newer owner',
    faults: {
      events: (events) => ({ ...events, superseded: () => undefined }),
      store: (inner) =>
        replacing<LeaseStore>(inner, {
          write: (records, ttl) =>
            inner.write(
              records.map(({ instance }) => ({ instance, mode: 'claim' })),
              ttl,
            ),
        }),
    },
  },
  {
    law: 'law 8',
    fault: 'removes whatever stands under its id',
    faults: {
      store: (inner, server) =>
        replacing<LeaseStore>(inner, {
          remove: (instances) => {
            server.commit(instances.map(({ service, id }) => ({ service, id, value: undefined })));
            return Promise.resolve();
          },
        }),
      events: (events) => ({ ...events, superseded: () => undefined }),
    },
  },
  {
    law: 'law 8',
    fault: 'removes its successors’ records when it closes',
    faults: {
      store: (inner, server) => {
        const written = new Map<string, { service: string; id: string; value: undefined }>();
        return replacing<LeaseStore>(inner, {
          write: (records, ttl) => {
            for (const {
              instance: { service, id },
            } of records)
              written.set(`${service}/${id}`, { service, id, value: undefined });
            return inner.write(records, ttl);
          },
          close: () => {
            server.commit([...written.values()]);
            return inner.close();
          },
        });
      },
    },
  },
  { law: 'law 8', fault: 'does not notice that it was superseded', faults: { events: (events) => ({ ...events, superseded: () => undefined }) } },
];
