import { createInstance, type InstanceInit, type ServiceInstance } from '../../../src/core/instance.js';
import type { Snapshot } from '../../../src/core/snapshot.js';

/** An instance of "orders" at an address of its own. */
export function instance(id: string, init: Partial<InstanceInit> = {}): ServiceInstance {
  return createInstance({ service: 'orders', address: `${id}.test:80`, id, ...init });
}

export function instances(count: number, init: (index: number) => Partial<InstanceInit> = () => ({})): ServiceInstance[] {
  return Array.from({ length: count }, (_, index) => instance(`i${String(index).padStart(4, '0')}`, init(index)));
}

export function snapshot(list: readonly ServiceInstance[], fields: Partial<Snapshot> = {}): Snapshot {
  return { service: 'orders', revision: '71', status: 'live', since: 0, instances: list, added: [], removed: [], changed: [], skipped: [], ...fields };
}

export const ids = (list: Iterable<ServiceInstance>): string[] => [...list].map(({ id }) => id);
