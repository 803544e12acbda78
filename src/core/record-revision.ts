import type { ServiceInstance } from './instance.js';
import { readNote, writeNote } from './record-notes.js';

/**
 * The backend's revision at which this record was written last, a decimal number of any size; `undefined` where the adapter
 * does not say. Of two records that lead to the same server it tells which is the newer.
 *
 * Beside the instance and not in it: a record that is rewritten as it was is the same object in the next snapshot (law 2),
 * and still the newest of its backend.
 */
export function recordRevision(instance: ServiceInstance): string | undefined {
  return readNote(instance, 'revision');
}

export function noteRecordRevision(instance: ServiceInstance, revision: string | undefined): void {
  writeNote(instance, 'revision', revision);
}
