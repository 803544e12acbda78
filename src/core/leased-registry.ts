import { Backoff, type BackoffOptions } from './backoff.js';
import { boundedWait } from './bounded-wait.js';
import { lifetimeController, linkSignals, sleep, throwIfAborted } from './cancellation.js';
import type { Clock } from './clock.js';
import type { ConnectionMonitor } from './connection-monitor.js';
import { closedError, RollcallError, toRollcallError } from './errors.js';
import { changeInstance, createInstance, type InstanceChange, type InstanceInit, type ServiceInstance } from './instance.js';
import type { LeaseEvents, LeaseStore, WriteOutcome } from './lease-store.js';
import type { Logger } from './logger.js';
import type { Cancellable, RegisterOptions, Registration, RegistrationState, Registry, Seconds } from './ports.js';
import { quote } from './quote.js';
import type { Random } from './random.js';
import { RegistrationEntry, recordKey } from './registration-entry.js';
import { RegistrationHandle, type RegistrationOwner } from './registration-handle.js';
import { RegistryMonitor } from './registry-monitor.js';
import type { RegistryStatus } from './status.js';

export interface RegistryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How long `register`, `update` and `deregister` wait for the backend, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  readonly backoff?: BackoffOptions;
  /** For what the backend refuses and will refuse until somebody changes something. Default: `backoff`. */
  readonly refusedBackoff?: BackoffOptions;
  /** What the adapter knows of its line to the backend. Default: as if it were always there. */
  readonly connection?: ConnectionMonitor | undefined;
}

/**
 * The write port over any `LeaseStore`: it compares what is wanted with what is stored and writes the difference,
 * again and again until they agree (laws 6 to 11). One loop serves all registrations, so a thousand of them make a
 * few large writes and, in trouble, one retry at a time.
 *
 * The loop: `idle → settling (removals, then writes) → idle`, or `→ waiting (backoff) → settling` after a failure.
 */
export class LeasedRegistry implements Registry, RegistrationOwner {
  readonly #deps: RegistryDeps;
  readonly #store: LeaseStore;
  readonly #timeoutMs: number;
  readonly #backoff: Backoff;
  readonly #refusedBackoff: Backoff;
  readonly #monitor: RegistryMonitor;
  readonly #letIn: Disposable | undefined;
  readonly #closing = lifetimeController();
  readonly #entries = new Map<string, RegistrationEntry>();
  readonly #byHandle = new WeakMap<RegistrationHandle, RegistrationEntry>();
  readonly #toWrite = new Set<RegistrationEntry>();
  readonly #toRemove = new Set<RegistrationEntry>();
  #loop: Promise<void> | undefined;
  /** Ends the wait after a refusal. */
  #wake: AbortController | undefined;
  /** Whether there is something new since the round began, so that no refusal must be waited out. */
  #news = false;
  /** Whether anything failed in this round that may succeed by itself soon. */
  #passing = false;
  #closed: Promise<void> | undefined;

  /** @param createStore is given where to report what happens to the records */
  constructor(createStore: (events: LeaseEvents) => LeaseStore, deps: RegistryDeps) {
    this.#deps = deps;
    this.#timeoutMs = deps.timeoutMs ?? 10_000;
    this.#backoff = new Backoff(deps.random, deps.backoff);
    this.#refusedBackoff = new Backoff(deps.random, deps.refusedBackoff ?? deps.backoff);
    this.#monitor = new RegistryMonitor(this, deps);
    this.#letIn = deps.connection?.subscribe(() => {
      if (deps.connection?.state === 'connected') this.#hurry();
    });
    this.#store = createStore({
      lost: (instances, reason) => {
        this.#onLost(instances, reason);
      },
      doubtful: (instances, reason) => {
        for (const entry of this.#find(instances)) entry.handle?.enter('recovering', reason);
      },
      confirmed: (instances) => {
        // A lease that lives says nothing of a record that is still to be written.
        for (const entry of this.#find(instances)) if (!this.#toWrite.has(entry) && !entry.writing) entry.handle?.enter('active');
      },
      superseded: (instance) => {
        for (const entry of this.#find([instance])) this.#supersede(entry);
      },
    });
  }

  get status(): RegistryStatus {
    return this.#monitor.status;
  }

  subscribe(listener: (status: RegistryStatus) => void): Disposable {
    return this.#monitor.subscribe(listener);
  }

  /** For the handles. */
  entered(handle: RegistrationHandle, before: RegistrationState): void {
    this.#monitor.moved(before, handle.state, handle.detail.reason);
  }

  async register(init: InstanceInit, options: RegisterOptions = {}): Promise<Registration> {
    this.#throwIfClosed();
    const instance = createInstance(init);
    this.#store.check(instance);
    const ttl = parseTtl(options.ttl ?? this.#store.defaultTtl);
    const what = `registering ${instance.service} ${instance.id}`;
    throwIfAborted(options.signal, what);
    const key = recordKey(instance);
    if (this.#entries.has(key)) {
      throw new RollcallError(
        'ALREADY_REGISTERED',
        `${quote(instance.service)} ${quote(instance.id)} is already registered by this registry; update or deregister that registration, or give this one another id`,
      );
    }
    const entry = new RegistrationEntry(instance, ttl);
    this.#entries.set(key, entry);
    this.#toWrite.add(entry);
    this.#kick();
    try {
      return await this.#bounded(what, options.signal, entry, entry.registered.promise);
    } catch (error) {
      this.#abandon(entry);
      throw error;
    }
  }

  async update(handle: RegistrationHandle, change: InstanceChange, options: Cancellable): Promise<void> {
    this.#throwIfClosed();
    const entry = this.#byHandle.get(handle);
    if (handle.state === 'superseded') throw supersededError(handle.instance);
    if (entry === undefined || handle.state === 'closed') throw closedError('the registration');
    const what = `updating ${entry.desired.service} ${entry.desired.id}`;
    throwIfAborted(options.signal, what);
    const instance = changeInstance(entry.desired, change);
    this.#store.check(instance);
    const stored = entry.want(instance);
    this.#toWrite.add(entry);
    this.#kick();
    await this.#bounded(what, options.signal, entry, stored);
  }

  async deregister(handle: RegistrationHandle): Promise<void> {
    const entry = this.#byHandle.get(handle);
    if (entry === undefined || handle.state === 'superseded') return;
    if (this.#closed !== undefined) return this.#closed;
    if (handle.enter('closed')) {
      this.#drop(entry);
      entry.fail(closedError('the registration'));
      this.#toRemove.add(entry);
      this.#kick();
    }
    try {
      await this.#bounded(`deregistering ${handle.instance.service} ${handle.instance.id}`, undefined, entry, entry.removed.promise);
    } catch (error) {
      // Closing removes it too.
      if (this.#closing.signal.aborted) return this.close();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const error = closedError('the registry');
    this.#monitor.close();
    this.#letIn?.[Symbol.dispose]();
    this.#closing.abort(error);
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#toWrite.clear();
    for (const entry of entries) {
      entry.handle?.enter('closed');
      entry.registered.reject(error);
      entry.fail(error);
    }
    await this.#loop;
    await this.#store.close();
    for (const entry of this.#toRemove) entry.removed.resolve();
    this.#toRemove.clear();
  }

  /** Starts the loop unless it runs. It takes its work a microtask later, so all calls of one tick go together. */
  #kick(): void {
    if (this.#closed !== undefined) return;
    this.#loop ??= Promise.resolve().then(() => this.#settle());
    this.#hurry();
  }

  async #settle(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && (this.#toRemove.size > 0 || this.#toWrite.size > 0)) {
      this.#passing = false;
      this.#news = false;
      const removed = await this.#removeAll(signal);
      const written = await this.#writeAll(signal);
      if (removed && written) {
        this.#backoff.reset();
        this.#refusedBackoff.reset();
      } else if (this.#mayPass()) {
        await sleep(this.#deps.clock, this.#backoff.next(), signal).catch(() => undefined);
      } else {
        await this.#waitAfterRefusal(signal);
      }
    }
    this.#loop = undefined;
  }

  #hasNews(): boolean {
    return this.#news;
  }

  #mayPass(): boolean {
    return this.#passing;
  }

  /** Something new need not wait for what was refused. */
  #hurry(): void {
    this.#news = true;
    this.#wake?.abort();
  }

  async #waitAfterRefusal(signal: AbortSignal): Promise<void> {
    if (this.#hasNews()) return;
    const wake = new AbortController();
    this.#wake = wake;
    const linked = linkSignals(signal, wake.signal);
    await sleep(this.#deps.clock, this.#refusedBackoff.next(), linked.signal).catch(() => undefined);
    linked[Symbol.dispose]();
    this.#wake = undefined;
  }

  async #removeAll(signal: AbortSignal): Promise<boolean> {
    let settled = true;
    for (const [ttl, entries] of byTtl(this.#toRemove)) {
      const instances = entries.map((entry) => entry.desired);
      try {
        await this.#store.remove(instances, ttl, signal);
        for (const entry of entries) {
          this.#toRemove.delete(entry);
          entry.removed.resolve();
        }
      } catch (cause) {
        const error = toRollcallError(cause);
        this.#passing ||= error.retryable;
        for (const entry of entries) {
          // Refused: whoever waits is told, and it is tried again all the same, as other registrations keep the lease alive.
          if (!error.retryable && !signal.aborted && entry.lastError?.code !== error.code) this.#removalRefused(entry, error);
          entry.lastError = error;
        }
        settled = false;
      }
    }
    return settled;
  }

  #removalRefused(entry: RegistrationEntry, error: RollcallError): void {
    this.#deps.logger.error({ err: error, service: entry.desired.service, id: entry.desired.id }, 'a record could not be removed; trying again');
    entry.removed.reject(error);
  }

  async #writeAll(signal: AbortSignal): Promise<boolean> {
    // An id may have been deregistered and registered again: its removal comes first, or it would take the new record along.
    const blocked = new Set([...this.#toRemove].map((entry) => entry.key));
    const batch = [...this.#toWrite].filter((entry) => !blocked.has(entry.key));
    for (const entry of batch) this.#toWrite.delete(entry);
    const results = await Promise.all([...byTtl(batch)].map(([ttl, entries]) => this.#writeGroup(entries, ttl, signal)));
    return results.every(Boolean);
  }

  async #writeGroup(entries: readonly RegistrationEntry[], ttl: Seconds, signal: AbortSignal): Promise<boolean> {
    const writes = entries.map((entry) => ({ entry, version: entry.version, instance: entry.desired, mode: entry.mode }));
    for (const entry of entries) entry.attempted = entry.writing = true;
    let outcomes: readonly WriteOutcome[];
    try {
      outcomes = await this.#store.write(writes, ttl, signal);
    } catch (cause) {
      const error = toRollcallError(cause);
      if (signal.aborted) return false;
      if (!error.retryable && entries.length > 1) {
        // One of them is refused, and the backend does not say which: each for itself.
        const results: boolean[] = [];
        for (const entry of entries) results.push(await this.#writeGroup([entry], ttl, signal));
        return results.every(Boolean);
      }
      for (const { entry, version } of writes) this.#writeFailed(entry, version, error);
      return false;
    } finally {
      for (const entry of entries) entry.writing = false;
    }
    writes.forEach(({ entry, version, instance }, index) => {
      if (outcomes[index] === 'superseded') this.#supersede(entry);
      else this.#stored(entry, version, instance);
    });
    return true;
  }

  #stored(entry: RegistrationEntry, version: number, instance: ServiceInstance): void {
    entry.mode = 'renew';
    entry.lastError = undefined;
    // Abandoned or deregistered meanwhile: its removal is on the list already.
    if (this.#entries.get(entry.key) !== entry) return;
    if (entry.handle === undefined) {
      entry.handle = new RegistrationHandle(instance, this, this.#deps);
      this.#monitor.moved(undefined, 'active', undefined);
      this.#byHandle.set(entry.handle, entry);
      entry.registered.resolve(entry.handle);
    } else {
      entry.handle.stored(instance);
    }
    entry.settle(version);
    if (!this.#toWrite.has(entry)) entry.handle.enter('active');
  }

  #writeFailed(entry: RegistrationEntry, version: number, error: RollcallError): void {
    entry.lastError = error;
    this.#passing ||= error.retryable;
    this.#monitor.trouble(error);
    if (this.#entries.get(entry.key) !== entry) return;
    if (error.retryable) {
      this.#toWrite.add(entry);
    } else if (entry.handle === undefined) {
      entry.registered.reject(error);
    } else {
      // The update is refused; what was stored before is what is wanted again, unless a newer update came meanwhile.
      entry.fail(error, version);
      if (entry.version === version) entry.desired = entry.handle.instance;
      // Law 7: a record that is lost is written again for ever, even if somebody took our permission away for a while.
      if (entry.handle.state === 'recovering') this.#toWrite.add(entry);
    }
  }

  #onLost(instances: readonly ServiceInstance[], reason: RollcallError): void {
    if (this.#closed !== undefined) return;
    for (const entry of this.#find(instances)) {
      if (entry.handle?.enter('recovering', reason) === true) {
        this.#deps.logger.warn({ err: reason, service: entry.desired.service, id: entry.desired.id }, 'a registration was lost; writing it again');
      }
      this.#toWrite.add(entry);
    }
    this.#kick();
  }

  #supersede(entry: RegistrationEntry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#drop(entry);
    const error = supersededError(entry.desired);
    this.#deps.logger.warn({ err: error, service: entry.desired.service, id: entry.desired.id }, 'a registration was superseded');
    entry.handle?.enter('superseded', error);
    entry.registered.reject(error);
    entry.fail(error);
  }

  /** Gives up a registration that nobody got a handle of: the write may have gone through just after the caller gave up. */
  #abandon(entry: RegistrationEntry): void {
    this.#drop(entry);
    entry.handle?.enter('closed');
    if (!entry.attempted || this.#closed !== undefined) return;
    this.#toRemove.add(entry);
    this.#kick();
  }

  #drop(entry: RegistrationEntry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    this.#toWrite.delete(entry);
  }

  #find(instances: readonly ServiceInstance[]): RegistrationEntry[] {
    return instances.map((instance) => this.#entries.get(recordKey(instance))).filter((entry) => entry !== undefined);
  }

  async #bounded<T>(what: string, outer: AbortSignal | undefined, entry: RegistrationEntry, promise: Promise<T>): Promise<T> {
    try {
      // Closing settles the promise itself.
      return await boundedWait(promise, { clock: this.#deps.clock, ms: this.#timeoutMs, what, signal: outer });
    } catch (error) {
      // What kept failing says more than that time ran out.
      const cause = entry.lastError ?? this.#monitor.outage;
      if (!(error instanceof RollcallError) || error.code !== 'TIMEOUT' || cause === undefined) throw error;
      throw new RollcallError(cause.code, `${what} failed for ${this.#timeoutMs} ms: ${cause.message}`, { cause, retryable: cause.retryable });
    }
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw closedError('the registry');
  }
}

/** etcd keeps TTLs as whole seconds; one rule for every adapter keeps them interchangeable. */
export function parseTtl(value: unknown): Seconds {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 31_536_000) {
    throw new RollcallError('INVALID_INSTANCE', `ttl ${quote(value)} is not a whole number of seconds from 1 to 31536000`);
  }
  return value;
}

function byTtl(entries: Iterable<RegistrationEntry>): Map<Seconds, RegistrationEntry[]> {
  const groups = new Map<Seconds, RegistrationEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.ttl);
    if (group === undefined) groups.set(entry.ttl, [entry]);
    else group.push(entry);
  }
  return groups;
}

function supersededError(instance: ServiceInstance): RollcallError {
  return new RollcallError('SUPERSEDED', `${quote(instance.service)} ${quote(instance.id)} was registered by a newer owner`);
}
