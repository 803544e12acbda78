import { connectMemory } from '../../../src/adapters/memory/index.js';
import type { Registration, Snapshot } from '../../../src/core/index.js';
import { replacing, watching } from '../broken-memory.js';
import { type Mutant, registration, source } from './mutant.js';

/** They break laws 11 and 12. */
export const sharingMutants: readonly Mutant[] = [
  {
    law: 'law 11',
    fault: 'opens a backend watch for each reader',
    faults: { discovery: (discovery, server) => replacing(discovery, { watch: (...args) => connectMemory({ server }).discovery.watch(...args) }) },
  },
  {
    law: 'law 11',
    fault: 'takes a lease for each registration',
    faults: { registry: (registry, server) => replacing(registry, { register: (...args) => connectMemory({ server }).registry.register(...args) }) },
  },
  {
    law: 'law 11',
    fault: 'keeps watching after the last reader left',
    faults: source((inner) => ({
      follow: (...args) => {
        inner.follow(...args);
        return { [Symbol.dispose]: () => undefined };
      },
    })),
  },
  {
    law: 'law 11',
    fault: 'keeps watching after a loop was left by break',
    faults: {
      discovery: watching((watch) => ({
        [Symbol.asyncIterator]: () => replacing(watch[Symbol.asyncIterator](), { return: () => Promise.resolve({ done: true, value: undefined }) }),
      })),
    },
  },
  {
    law: 'law 12',
    fault: 'lets a throwing listener of a watch starve the others',
    faults: { discovery: watching((watch) => ({ subscribe: inTurn((listener: (snapshot: Snapshot) => void) => watch.subscribe(listener)) })) },
  },
  {
    law: 'law 12',
    fault: 'drops the promise of a listener of a watch',
    faults: {
      discovery: watching((watch) => ({
        subscribe: (listener) =>
          watch.subscribe((snapshot) => {
            listener(snapshot);
          }),
      })),
    },
  },
  {
    law: 'law 12',
    fault: 'drops the promise of a listener of a registration',
    faults: registration((handle) => ({
      subscribe: (listener) =>
        handle.subscribe((...args) => {
          listener(...args);
        }),
    })),
  },
  {
    law: 'law 12',
    fault: 'lets a throwing listener of a registration starve the others',
    faults: registration((handle) => {
      const listeners: Parameters<Registration['subscribe']>[0][] = [];
      handle.subscribe((...args) => listeners.forEach((listener) => listener(...args)));
      return {
        subscribe: (listener) => {
          listeners.push(listener);
          return { [Symbol.dispose]: () => undefined };
        },
      };
    }),
  },
];

/** Listeners that are called one after the other, without protection from each other. */
function inTurn<Args extends unknown[]>(
  subscribe: (listener: (...args: Args) => void) => Disposable,
): (listener: (...args: Args) => void) => Disposable {
  const listeners: ((...args: Args) => void)[] = [];
  return (listener) => {
    listeners.push(listener);
    if (listeners.length > 1) return { [Symbol.dispose]: () => undefined };
    return subscribe((...args) => {
      for (const each of listeners) each(...args);
    });
  };
}
