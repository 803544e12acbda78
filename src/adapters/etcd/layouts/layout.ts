import type { ServiceInstance } from '../../../core/instance.js';

/** How instances are written as keys and values below `<prefix>/<service>/`. */
export interface Layout {
  readonly name: string;
  /** Refuses with INVALID_INSTANCE what this layout cannot carry: nothing is dropped silently. */
  check(instance: ServiceInstance): void;
  /** What follows `<prefix>/<service>/` in the key. */
  suffix(instance: ServiceInstance): string;
  encode(instance: ServiceInstance): string;
  /**
   * Reads a record.
   * @throws RollcallError with the reason why it is none; the caller reports and skips it
   */
  decode(service: string, suffix: string, value: string): ServiceInstance;
}
