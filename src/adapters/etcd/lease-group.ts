import { RollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import { quote } from '../../core/quote.js';
import { recordKey } from '../../core/registration-entry.js';
import { keyText, nameOf } from './key-range.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { Put } from './record-codec.js';

interface WrittenRecord {
  readonly instance: ServiceInstance;
  readonly keys: readonly Buffer[];
  /** Whether it stands under the present lease, and not only under one before it. */
  rewritten: boolean;
  /** It is being taken away, or is to be. */
  leaving: boolean;
}

/** One lease and what was written under it, or is being written: for each instance one key or, in several layouts, several. */
export class LeaseGroup {
  readonly keeper: LeaseKeeper;
  readonly #records = new Map<string, WrittenRecord>();
  /** Whose each key is. */
  readonly #owners = new Map<string, string>();

  /** @param makeKeeper is given this group, to report to */
  constructor(makeKeeper: (group: LeaseGroup) => LeaseKeeper) {
    this.keeper = makeKeeper(this);
  }

  get instances(): readonly ServiceInstance[] {
    return [...this.#records.values()].map(({ instance }) => instance);
  }

  get isRewritten(): boolean {
    return [...this.#records.values()].every(({ rewritten }) => rewritten);
  }

  /** Whether something of ours is to stand there. */
  wants(key: Buffer): boolean {
    return this.#owners.has(nameOf(key));
  }

  has(instance: ServiceInstance): boolean {
    return this.#records.has(recordKey(instance));
  }

  keysOf(instance: ServiceInstance): readonly Buffer[] {
    return this.#records.get(recordKey(instance))?.keys ?? [];
  }

  /** Whether nothing would be left without these. */
  isAll(instances: readonly ServiceInstance[]): boolean {
    const leaving = new Set(instances.map(recordKey));
    return [...this.#records.keys()].every((name) => leaving.has(name));
  }

  /**
   * Refuses what would stand in one place with another instance of ours, where a layout names its keys after the lease.
   * @throws RollcallError INVALID_INSTANCE
   */
  refuseShared(writes: readonly { readonly instance: ServiceInstance; readonly puts: readonly Put[] }[]): void {
    const taken = new Map<string, string>();
    for (const { instance, puts } of writes) {
      const owner = recordKey(instance);
      for (const { key } of puts) {
        const other = this.#owners.get(nameOf(key)) ?? taken.get(nameOf(key));
        if (other !== undefined && other !== owner) {
          if (this.#records.get(other)?.leaving === true) throw new RollcallError('UNAVAILABLE', `what stands at ${quote(keyText(key))} is still to be removed`, { retryable: true });
          throw new RollcallError('INVALID_INSTANCE', `${quote(instance.service)} ${quote(instance.id)} would stand at ${quote(keyText(key))}, where another instance of this registry does; give each an id of its own`);
        }
        taken.set(nameOf(key), owner);
      }
    }
  }

  /**
   * Notes what is about to be written.
   * @returns keys that the instance had before and has no more, as those named after a lease that is gone
   */
  note(instance: ServiceInstance, puts: readonly Put[]): readonly Buffer[] {
    const owner = recordKey(instance);
    const before = this.#records.get(owner);
    const former = (before?.keys ?? []).filter((key) => !puts.some((put) => put.key.equals(key)));
    for (const key of former) this.#owners.delete(nameOf(key));
    for (const { key } of puts) this.#owners.set(nameOf(key), owner);
    this.#records.set(owner, { instance, keys: puts.map(({ key }) => key), rewritten: former.length === 0 && before?.rewritten === true, leaving: false });
    return former;
  }

  leaving(instances: readonly ServiceInstance[]): void {
    for (const instance of instances) {
      const record = this.#records.get(recordKey(instance));
      if (record !== undefined) record.leaving = true;
    }
  }

  /** It stands under the present lease, unless it was taken away meanwhile. */
  stored(instance: ServiceInstance): void {
    const record = this.#records.get(recordKey(instance));
    if (record !== undefined) record.rewritten = true;
  }

  /** The lease is another one from here on. */
  noneRewritten(): void {
    for (const record of this.#records.values()) record.rewritten = false;
  }

  /** @returns the keys that it had */
  forget(instance: ServiceInstance): readonly Buffer[] {
    const keys = this.keysOf(instance);
    for (const key of keys) this.#owners.delete(nameOf(key));
    this.#records.delete(recordKey(instance));
    return keys;
  }
}
