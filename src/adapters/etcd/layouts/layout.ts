import type { ServiceInstance } from '../../../core/instance.js';
import type { LayoutName } from './names.js';

/** What an instance may say beyond its service and its address; each layout carries some of it. */
export type CarriedField = 'id' | 'weight' | 'version' | 'zone' | 'metadata';

/** A record as it stands in etcd, under `<prefix>/<service>/`. */
export interface StoredRecord {
  readonly service: string;
  /** What follows `<prefix>/<service>/` in the key; may hold further slashes. */
  readonly suffix: string;
  readonly value: string;
  /** The lease that the record stands under, in decimal, as it exceeds what a number holds; `0` for none. */
  readonly lease: string;
}

/**
 * How one framework writes instances as keys and values. Each is one file, pure, and knows nothing of etcd's API.
 *
 * For every instance that passes `checkCarried` and `check`: `decode` of what `suffix` and `encode` give is an equal instance.
 */
export interface Layout {
  readonly name: LayoutName;
  /** Where the framework keeps its records if nobody says otherwise, as it stands in the keys; empty where they start with the service. */
  readonly defaultPrefix: string;
  /** What it carries. A field that it does not carry has its default in every instance that is written or read: the id is the address then. */
  readonly carries: ReadonlySet<CarriedField>;
  /**
   * Where the key is not made of the instance's id alone, several keys may say the same instance: the one written last counts.
   * Default false.
   */
  readonly repeatsInstances?: boolean;
  /** Refuses with INVALID_INSTANCE what it cannot carry of a field that it carries otherwise, naming the value. Default: nothing. */
  check?(instance: ServiceInstance): void;
  /**
   * What follows `<prefix>/<service>/` in the key.
   * @param lease under which it will stand, in decimal
   */
  suffix(instance: ServiceInstance, lease: string): string;
  /** The value, byte for byte as the framework would write it. */
  encode(instance: ServiceInstance): string;
  /**
   * Reads a record; `undefined` for one that belongs to the framework and is no instance, such as the marker of a directory.
   * @throws RollcallError INVALID_INSTANCE or INVALID_ADDRESS with the reason why it is none; the caller reports and skips it
   */
  decode(record: StoredRecord): ServiceInstance | undefined;
  /** Whether it looks like a record of this layout, which may still be a broken one. Cheap, and never throws. Decides under `layout=auto`. */
  recognises(record: StoredRecord): boolean;
}
