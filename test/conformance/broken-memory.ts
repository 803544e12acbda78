import { MemoryBackend } from '../../src/adapters/memory/backend.js';
import { MemoryConnection } from '../../src/adapters/memory/connection.js';
import { MemoryLeaseStore } from '../../src/adapters/memory/lease-store.js';
import type { MemoryServer } from '../../src/adapters/memory/server.js';
import { MemorySource } from '../../src/adapters/memory/source.js';
import {
  type Backend,
  type Discovery,
  LeasedRegistry,
  type LeaseEvents,
  type LeaseStore,
  type Registry,
  SharedDiscovery,
  silentLogger,
  type Snapshot,
  type SnapshotSource,
  systemRandom,
  type Watch,
} from '../../src/core/index.js';

/** The places where a memory adapter can be broken. Each is given the sound part and returns what stands in its place. */
export interface Faults {
  readonly store?: (store: MemoryLeaseStore, server: MemoryServer) => LeaseStore;
  readonly events?: (events: LeaseEvents) => LeaseEvents;
  readonly source?: (source: SnapshotSource, server: MemoryServer) => SnapshotSource;
  readonly registry?: (registry: Registry, server: MemoryServer) => Registry;
  readonly discovery?: (discovery: Discovery, server: MemoryServer) => Discovery;
  readonly backend?: (backend: Backend) => Backend;
}

/** The memory adapter put together as `connectMemory` does it, with some parts exchanged. */
export function connectBroken(server: MemoryServer, faults: Faults): Backend {
  const { clock } = server;
  const connection = new MemoryConnection(server, { clock, logger: silentLogger });
  let store!: MemoryLeaseStore;
  const registry = new LeasedRegistry(
    (events) => {
      store = new MemoryLeaseStore(connection, faults.events?.(events) ?? events, { ttl: 3, clock });
      return faults.store?.(store, server) ?? store;
    },
    { clock, random: systemRandom, logger: silentLogger, timeoutMs: 2000, connection: connection.monitor },
  );
  const source = new MemorySource(connection, { clock, random: systemRandom, timeoutMs: 2000 });
  const discovery = new SharedDiscovery(faults.source?.(source, server) ?? source, { clock, logger: silentLogger, connection: connection.monitor });
  const backend = new MemoryBackend({
    server,
    connection,
    store,
    registry: faults.registry?.(registry, server) ?? registry,
    discovery: faults.discovery?.(discovery, server) ?? discovery,
    onClosed: () => undefined,
  });
  return faults.backend?.(backend) ?? backend;
}

/** The object with some members replaced; the rest works as before. */
export function replacing<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(members, key)) return Reflect.get(members, key) as unknown;
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** A discovery whose watches are altered. */
export function watching(alter: (watch: Watch) => Partial<Watch>): NonNullable<Faults['discovery']> {
  return (discovery) =>
    replacing(discovery, {
      watch: (...args) => {
        const watch = discovery.watch(...args);
        return replacing(watch, alter(watch));
      },
    });
}

/** A discovery whose snapshots are altered, wherever they come out. `index` counts those of one reader. */
export function altering(alter: (snapshot: Snapshot, index: number) => Partial<Snapshot>): NonNullable<Faults['discovery']> {
  const altered = (snapshot: Snapshot, index: number): Snapshot => Object.freeze({ ...snapshot, ...alter(snapshot, index) });
  return (discovery) =>
    replacing(
      watching((watch) => ({
        subscribe: (listener) => {
          let count = 0;
          return watch.subscribe((snapshot) => listener(altered(snapshot, count++)));
        },
        [Symbol.asyncIterator]: () => {
          let count = 0;
          return iterating(watch[Symbol.asyncIterator](), (result) =>
            result.done === true ? result : { done: false, value: altered(result.value, count++) },
          );
        },
      }))(discovery, undefined as never),
      { get: async (...args) => altered(await discovery.get(...args), 0) },
    );
}

/** An iterator whose results pass through a function. */
export function iterating(
  iterator: AsyncIterator<Snapshot>,
  pass: (result: IteratorResult<Snapshot>) => IteratorResult<Snapshot> | Promise<IteratorResult<Snapshot>>,
): AsyncIterator<Snapshot> {
  return replacing(iterator, { next: async () => pass(await iterator.next()) });
}
