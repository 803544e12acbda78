import type { Snapshot, Watch } from '../../../src/core/index.js';
import { altering, iterating, replacing, watching } from '../broken-memory.js';
import { type Mutant, none, source } from './mutant.js';

/** They break laws 1 to 3. */
export const snapshotMutants: readonly Mutant[] = [
  {
    law: 'law 1',
    fault: 'starts with half the instances',
    faults: { discovery: altering(({ instances }, index) => (index === 0 ? { instances: Object.freeze(instances.slice(1)) } : {})) },
  },
  {
    law: 'law 1',
    fault: 'calls an unknown service an error',
    faults: source((inner) => ({
      list: async (...args) => {
        const listing = await inner.list(...args);
        if ([...listing.records].length === 0) throw new Error('no such service');
        return listing;
      },
    })),
  },
  {
    law: 'law 1',
    fault: 'lists every service whose name starts alike',
    faults: {
      source: (inner, server) =>
        replacing(inner, {
          list: async (service, signal) => {
            const alike = [...server.services()].filter((name) => name.startsWith(service));
            const lists = await Promise.all(alike.map((name) => inner.list(name, signal)));
            return { revision: String(server.revision), records: lists.flatMap(({ records }) => [...records]) };
          },
        }),
    },
  },
  {
    law: 'law 1',
    fault: 'goes on listing a service that is empty',
    faults: source((inner) => {
      const seen = new Set<string>();
      return {
        services: async (signal) => {
          for (const name of await inner.services(signal)) seen.add(name);
          return seen;
        },
      };
    }),
  },
  { law: 'law 2', fault: 'gives snapshots that can be changed', faults: { discovery: altering(({ instances }) => ({ instances: [...instances] })) } },
  {
    law: 'law 2',
    fault: 'makes every instance anew',
    faults: { discovery: altering(({ instances }) => ({ instances: Object.freeze(instances.map((each) => Object.freeze({ ...each }))) })) },
  },
  { law: 'law 2', fault: 'leaves out who was removed', faults: { discovery: altering(() => ({ removed: none })) } },
  { law: 'law 2', fault: 'leaves out what was changed', faults: { discovery: altering(() => ({ changed: none })) } },
  {
    law: 'law 3',
    fault: 'makes a slow reader go through everything it missed',
    faults: { discovery: watching((watch) => ({ [Symbol.asyncIterator]: () => queued(watch) })) },
  },
  {
    law: 'law 3',
    fault: 'gives a slow reader the diff to a snapshot it never saw',
    faults: {
      discovery: watching((watch) => ({
        [Symbol.asyncIterator]: () => {
          let own: Snapshot | undefined;
          watch.subscribe((snapshot) => {
            own = snapshot;
          });
          return iterating(watch[Symbol.asyncIterator](), (result) => (result.done === true ? result : { done: false, value: own ?? result.value }));
        },
      })),
    },
  },
  {
    law: 'law 3',
    fault: 'lets revisions go back',
    faults: { discovery: altering(({ revision }) => ({ revision: String(1_000_000n - BigInt(revision)) })) },
  },
];

/** Reads everything that ever came, one after the other. */
function queued(watch: Watch): AsyncIterator<Snapshot> {
  const snapshots: Snapshot[] = [];
  watch.subscribe((snapshot) => {
    snapshots.push(snapshot);
  });
  return iterating(watch[Symbol.asyncIterator](), (result) => {
    const value = snapshots.shift();
    return value === undefined ? result : { done: false, value };
  });
}
