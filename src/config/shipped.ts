import type { AdapterEntry } from '../core/adapter.js';
import { Catalogue } from './catalogue.js';

/** The adapters of this package. They are loaded on use, so that one who takes `memory:` never loads etcd3. */
export const shippedAdapters: readonly AdapterEntry[] = [
  { name: 'memory', load: async () => (await import('../adapters/memory/index.js')).memoryAdapter },
  { name: 'etcd', schemes: ['etcd', 'etcds'], load: async () => (await import('../adapters/etcd/index.js')).etcdAdapter },
];

/** What `connect()` looks in unless it is given another. */
export const defaultCatalogue = new Catalogue(shippedAdapters);

/**
 * Makes an adapter known by its name and URL schemes to every later `connect()` of this process.
 * @throws RollcallError INVALID_CONFIG if the name or a scheme is taken.
 */
export function registerAdapter(entry: AdapterEntry): void {
  defaultCatalogue.register(entry);
}
