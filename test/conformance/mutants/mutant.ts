import type { MemoryLeaseStore } from '../../../src/adapters/memory/lease-store.js';
import type { FeedSink, LeaseStore, Registration, SnapshotSource } from '../../../src/core/index.js';
import { type Faults, replacing } from '../broken-memory.js';

/** An adapter that breaks one law. */
export interface Mutant {
  /** How the titles start of the cases that must find it. */
  readonly law: string;
  /** What it does wrong. */
  readonly fault: string;
  readonly faults: Faults;
}

export const none: readonly never[] = Object.freeze([]);
export const never = new Promise<never>(() => undefined);

export function store(alter: (inner: MemoryLeaseStore) => Partial<LeaseStore>): Faults {
  return { store: (inner) => replacing<LeaseStore>(inner, alter(inner)) };
}

export function source(alter: (inner: SnapshotSource) => Partial<SnapshotSource>): Faults {
  return { source: (inner) => replacing(inner, alter(inner)) };
}

export function sink(alter: (target: FeedSink) => Partial<FeedSink>): Faults {
  return source((inner) => ({ follow: (service, target) => inner.follow(service, replacing(target, alter(target))) }));
}

export function registration(alter: (handle: Registration) => Partial<Registration>): Faults {
  return {
    registry: (registry) =>
      replacing(registry, {
        register: async (...args) => {
          const handle = await registry.register(...args);
          return replacing(handle, alter(handle));
        },
      }),
  };
}
