import type { ServiceInstance } from './instance.js';
import { readNote, writeNote } from './record-notes.js';

/**
 * In which layout this record was written, for example `kratos`; `undefined` where the adapter does not say. It is for people who
 * want to know who wrote a record, and for programs that move from one layout to another.
 */
export function recordLayout(instance: ServiceInstance): string | undefined {
  return readNote(instance, 'layout');
}

export function noteRecordLayout(instance: ServiceInstance, layout: string | undefined): void {
  writeNote(instance, 'layout', layout);
}
