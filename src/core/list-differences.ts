import type { ServiceInstance } from './instance.js';

/**
 * Tells of each id at which two lists sorted by id differ: what was there and what is there now. Unchanged instances are the same object
 * in both (law 2), so that a list of thousands with one change costs little more than its length in comparisons.
 */
export function eachDifference(
  before: readonly ServiceInstance[],
  after: readonly ServiceInstance[],
  found: (old: ServiceInstance | undefined, now: ServiceInstance | undefined) => void,
): void {
  if (before === after) return;
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const now = after[j];
    if (old === now) {
      i++;
      j++;
    } else if (now === undefined || (old !== undefined && old.id < now.id)) {
      found(old, undefined);
      i++;
    } else if (old === undefined || now.id < old.id) {
      found(undefined, now);
      j++;
    } else {
      found(old, now);
      i++;
      j++;
    }
  }
}
