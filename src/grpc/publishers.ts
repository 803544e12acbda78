import type { ServiceInstance } from '../core/instance.js';
import type { Selection } from '../core/selection/select.js';

/**
 * Whose published service configs count. One that drains, or is not for this client, does not say how to call the others: a paused server's record
 * is the one written last. Where nobody else is left, all count.
 */
export function publishersOf(instances: readonly ServiceInstance[], { dropped }: Selection): readonly ServiceInstance[] {
  const out = new Set<ServiceInstance>();
  for (const { instance, reason } of dropped) if (reason === 'draining' || reason === 'filtered') out.add(instance);
  return out.size === 0 || out.size === instances.length ? instances : instances.filter((instance) => !out.has(instance));
}
