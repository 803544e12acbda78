import { deferred, type Deferred } from './deferred.js';
import type { RollcallError } from './errors.js';
import type { ServiceInstance } from './instance.js';
import type { RecordWrite } from './lease-store.js';
import type { Seconds } from './ports.js';
import type { RegistrationHandle } from './registration-handle.js';

/** What names a record within one registry. NUL cannot stand in either part. */
export function recordKey(instance: Pick<ServiceInstance, 'service' | 'id'>): string {
  return `${instance.service}\0${instance.id}`;
}

/** What one registration wants of the backend, and who waits for it. */
export class RegistrationEntry {
  readonly key: string;
  readonly ttl: Seconds;
  /** What shall be stored. */
  desired: ServiceInstance;
  /** `claim` until our record stood there once; from then on a stranger's record means that we are superseded. */
  mode: RecordWrite['mode'] = 'claim';
  /** Whether a write was ever sent, so that there may be something to remove. */
  attempted = false;
  /** Whether a write of it is under way. */
  writing = false;
  lastError: RollcallError | undefined;
  handle: RegistrationHandle | undefined;
  /** Settles with the first write. */
  readonly registered: Deferred<RegistrationHandle> = deferred();
  /** Settles once the record is removed. */
  readonly removed: Deferred<void> = deferred();
  #version = 0;
  #waiting: { readonly version: number; readonly done: Deferred<void> }[] = [];

  constructor(desired: ServiceInstance, ttl: Seconds) {
    this.key = recordKey(desired);
    this.ttl = ttl;
    this.desired = desired;
  }

  get version(): number {
    return this.#version;
  }

  /** Wants something else stored; the promise settles when that, or something newer, is. */
  want(instance: ServiceInstance): Promise<void> {
    this.desired = instance;
    const waiting = { version: ++this.#version, done: deferred() };
    this.#waiting.push(waiting);
    return waiting.done.promise;
  }

  settle(version: number): void {
    for (const each of this.#take(version)) each.done.resolve();
  }

  /** Fails whoever waits for that version or an older one; by default everybody. */
  fail(error: RollcallError, version = this.#version): void {
    for (const each of this.#take(version)) each.done.reject(error);
  }

  #take(version: number): { readonly done: Deferred<void> }[] {
    const taken = this.#waiting.filter((each) => each.version <= version);
    this.#waiting = this.#waiting.filter((each) => each.version > version);
    return taken;
  }
}
