import type { ServiceInstance } from './instance.js';
import { shared } from './shared.js';

/** Beside the instance and not in it, as with its revision: in which form a record is written says nothing about the server. */
const layouts = shared(Symbol.for('rollcall.recordLayouts'), () => new WeakMap<ServiceInstance, string>());

/**
 * In which layout this record was written, for example `kratos`; `undefined` where the adapter does not say. It is for people who
 * want to know who wrote a record, and for programs that move from one layout to another.
 */
export function recordLayout(instance: ServiceInstance): string | undefined {
  return layouts.get(instance);
}

export function noteRecordLayout(instance: ServiceInstance, layout: string | undefined): void {
  if (layout !== undefined) layouts.set(instance, layout);
}
