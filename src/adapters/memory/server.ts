import { type Clock, systemClock } from '../../core/clock.js';
import type { Seconds } from '../../core/ports.js';
import type { MemoryConnection } from './connection.js';

/** Who holds a lease; told that something happened to it or to a record under it, and looks for itself what. */
export interface LeaseHolder {
  onDisturbed(): void;
}

/** A grant of time: its records go when it runs out. */
export interface Lease {
  readonly holder: LeaseHolder;
  readonly ttl: Seconds;
}

export interface StoredRecord {
  readonly service: string;
  readonly id: string;
  /** As encoded by the writer; nothing says that it can be decoded. */
  readonly value: string;
  /** Absent for a record that was put by hand: it stays until somebody removes it. */
  readonly lease?: Lease;
}

export type RecordMutation = StoredRecord | { readonly service: string; readonly id: string; readonly value: undefined };

export type RecordListener = (changes: readonly RecordMutation[], revision: bigint) => void;

interface Commit {
  readonly byService: ReadonlyMap<string, readonly RecordMutation[]>;
  readonly revision: bigint;
  /** Owners whose records were replaced or removed by somebody else. */
  readonly disturbed: ReadonlySet<LeaseHolder>;
}

/**
 * The store behind one or more memory connections: what a real backend does on its own machine. It keeps encoded
 * records, counts revisions, lets leases expire on its clock, and tells watchers what changed.
 *
 * The methods of the first half are the faults that a test may cause; each acts on every connection.
 */
export class MemoryServer {
  readonly clock: Clock;
  readonly #records = new Map<string, Map<string, StoredRecord>>();
  readonly #leases = new Map<Lease, { readonly records: Set<StoredRecord>; expiry: Disposable }>();
  readonly #watchers = new Map<string, Set<RecordListener>>();
  readonly #connections = new Set<MemoryConnection>();
  readonly #outbox: Commit[] = [];
  readonly #writtenAt = new WeakMap<StoredRecord, bigint>();
  #revision = 1n;

  /** @param options.clock what leases expire on; default the system's */
  constructor(options: { readonly clock?: Clock } = {}) {
    this.clock = options.clock ?? systemClock;
  }

  /** Cuts off every connection, as if the server were down. Leases go on expiring. */
  interrupt(): void {
    for (const connection of [...this.#connections]) connection.interrupt();
  }

  restore(): void {
    for (const connection of [...this.#connections]) connection.restore();
  }

  /** Revokes every lease, as an operator might: all records under one are gone, and their owners find out. */
  loseLeases(): void {
    for (const lease of [...this.#leases.keys()]) this.revoke(lease);
  }

  /**
   * Puts a raw value where the record of this instance belongs, by default one that no reader can decode.
   * It has no lease, so it stays until an owner registers that id.
   */
  corrupt(service: string, id: string, value = '{"address": truncated'): void {
    this.commit([{ service, id, value }]);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many leases have not expired. */
  get leases(): number {
    return this.#leases.size;
  }

  get revision(): bigint {
    return this.#revision;
  }

  /** How many watches of the service the connections hold. */
  watches(service: string): number {
    return this.#watchers.get(service)?.size ?? 0;
  }

  attach(connection: MemoryConnection): void {
    this.#connections.add(connection);
  }

  detach(connection: MemoryConnection): void {
    this.#connections.delete(connection);
  }

  grant(ttl: Seconds, holder: LeaseHolder): Lease {
    const lease = { holder, ttl };
    this.#leases.set(lease, { records: new Set(), expiry: this.#expiry(lease) });
    return lease;
  }

  /** Starts the lease's time anew; false if it is gone already. */
  keepAlive(lease: Lease): boolean {
    const held = this.#leases.get(lease);
    if (held === undefined) return false;
    held.expiry[Symbol.dispose]();
    held.expiry = this.#expiry(lease);
    return true;
  }

  /** Ends the lease and removes its records, all at one revision. */
  revoke(lease: Lease): void {
    const held = this.#leases.get(lease);
    if (held === undefined) return;
    held.expiry[Symbol.dispose]();
    this.#leases.delete(lease);
    this.commit([...held.records].map(({ service, id }) => ({ service, id, value: undefined })));
    lease.holder.onDisturbed();
  }

  find(service: string, id: string): StoredRecord | undefined {
    return this.#records.get(service)?.get(id);
  }

  /** The revision at which the record was written. */
  writtenAt(record: StoredRecord): bigint | undefined {
    return this.#writtenAt.get(record);
  }

  list(service: string): Iterable<StoredRecord> {
    return this.#records.get(service)?.values() ?? [];
  }

  services(): Iterable<string> {
    return this.#records.keys();
  }

  /** Applies all of them at one revision, then tells the watchers and the owners whose records were replaced. */
  commit(mutations: readonly RecordMutation[]): void {
    const byService = new Map<string, RecordMutation[]>();
    const disturbed = new Set<LeaseHolder>();
    for (const mutation of mutations) {
      const before = this.find(mutation.service, mutation.id);
      if (before === undefined && mutation.value === undefined) continue;
      if (before?.lease !== undefined) {
        this.#leases.get(before.lease)?.records.delete(before);
        const heir = mutation.value === undefined ? undefined : mutation.lease?.holder;
        if (heir !== before.lease.holder) disturbed.add(before.lease.holder);
      }
      this.#store(mutation);
      if (mutation.value !== undefined) this.#writtenAt.set(mutation, this.#revision + 1n);
      const changes = byService.get(mutation.service);
      if (changes === undefined) byService.set(mutation.service, [mutation]);
      else changes.push(mutation);
    }
    if (byService.size === 0) return;
    this.#outbox.push({ byService, revision: ++this.#revision, disturbed });
    if (this.#outbox.length === 1) this.#deliver();
  }

  watch(service: string, listener: RecordListener): Disposable {
    const watchers = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, watchers.add(listener));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(listener);
        if (watchers.size === 0 && this.#watchers.get(service) === watchers) this.#watchers.delete(service);
      },
    };
  }

  /** Forgets everything and stops every timer, without telling anybody. */
  dispose(): void {
    for (const { expiry } of this.#leases.values()) expiry[Symbol.dispose]();
    this.#leases.clear();
    this.#records.clear();
    this.#watchers.clear();
  }

  /** In order of revision for everybody, even where a watcher's reaction commits something itself. */
  #deliver(): void {
    for (let next = this.#outbox[0]; next !== undefined; this.#outbox.shift(), next = this.#outbox[0]) {
      for (const [service, changes] of next.byService) {
        for (const watcher of [...(this.#watchers.get(service) ?? [])]) watcher(changes, next.revision);
      }
      for (const holder of next.disturbed) holder.onDisturbed();
    }
  }

  #store(mutation: RecordMutation): void {
    const { service, id } = mutation;
    const records = this.#records.get(service) ?? new Map<string, StoredRecord>();
    if (mutation.value === undefined) {
      records.delete(id);
      if (records.size === 0) this.#records.delete(service);
      return;
    }
    this.#records.set(service, records.set(id, mutation));
    if (mutation.lease !== undefined) this.#leases.get(mutation.lease)?.records.add(mutation);
  }

  /** Unreferenced: a server would run on another machine; what keeps a process alive is its owner's keepalive. */
  #expiry(lease: Lease): Disposable {
    return this.clock.setTimer(() => this.revoke(lease), lease.ttl * 1000, { unref: true });
  }
}
