import type { Clock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import type { LeaseEvents, LeaseStore, RecordWrite, WriteOutcome } from '../../core/lease-store.js';
import type { Seconds } from '../../core/ports.js';
import { recordKey } from '../../core/registration-entry.js';
import type { MemoryConnection } from './connection.js';
import { encodeRecord } from './record.js';
import type { Lease, LeaseHolder, MemoryServer, RecordMutation } from './server.js';

/** A lease of ours, the records under it, and what we last heard of it. */
interface HeldLease {
  readonly lease: Lease;
  readonly instances: Map<string, ServiceInstance>;
  confirmedAt: number;
  doubtful: boolean;
  timer: Disposable;
}

/**
 * Writes records under one lease per TTL and keeps each alive by a request every third of its time.
 * There is one way to learn of a loss, `#check`: it runs on each keepalive, after an interruption, and when the server
 * says that something happened.
 */
export class MemoryLeaseStore implements LeaseStore, LeaseHolder {
  readonly defaultTtl: Seconds;
  readonly #connection: MemoryConnection;
  readonly #clock: Clock;
  readonly #events: LeaseEvents;
  readonly #held = new Map<Seconds, HeldLease>();
  readonly #reachability: Disposable;
  #frozen = false;

  constructor(connection: MemoryConnection, events: LeaseEvents, options: { readonly ttl: Seconds; readonly clock: Clock }) {
    this.defaultTtl = options.ttl;
    this.#connection = connection;
    this.#clock = options.clock;
    this.#events = events;
    this.#reachability = connection.subscribe((trouble) => {
      if (trouble === undefined) this.onDisturbed();
    });
  }

  /** The memory server carries whatever core allows. */
  check(): void {
    // Nothing to refuse.
  }

  write(records: readonly RecordWrite[], ttl: Seconds): Promise<readonly WriteOutcome[]> {
    return this.#connection.request((server) => {
      const held = this.#lease(server, ttl);
      const mutations: RecordMutation[] = [];
      const outcomes = records.map(({ instance, mode }): WriteOutcome => {
        const { service, id } = instance;
        const present = server.find(service, id);
        if (mode === 'renew' && present !== undefined && present.lease?.holder !== this) return 'superseded';
        this.#forget(instance);
        held.instances.set(recordKey(instance), instance);
        mutations.push({ service, id, value: encodeRecord(instance), lease: held.lease });
        return 'stored';
      });
      server.commit(mutations);
      return outcomes;
    });
  }

  remove(instances: readonly ServiceInstance[]): Promise<void> {
    return this.#connection.request((server) => {
      const own = instances.filter(({ service, id }) => server.find(service, id)?.lease?.holder === this);
      // Forgotten first: the server's word that they are gone is no news to us.
      for (const instance of instances) this.#forget(instance);
      server.commit(own.map(({ service, id }) => ({ service, id, value: undefined })));
      this.#dropEmpty();
    });
  }

  close(): Promise<void> {
    this.#reachability[Symbol.dispose]();
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const { lease, timer } of held) {
      timer[Symbol.dispose]();
      // Out of reach, the records go when their lease runs out.
      this.#connection.server?.revoke(lease);
    }
    return Promise.resolve();
  }

  /** Stands still like a process that was stopped: leases run out, and what happens to them goes unnoticed until `thaw`. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    this.onDisturbed();
  }

  /** Revokes our leases behind our back. */
  loseLeases(server: MemoryServer): void {
    for (const { lease } of [...this.#held.values()]) server.revoke(lease);
  }

  onDisturbed(): void {
    for (const held of [...this.#held.values()]) this.#check(held);
  }

  #lease(server: MemoryServer, ttl: Seconds): HeldLease {
    const known = this.#held.get(ttl);
    if (known !== undefined) {
      if (server.keepAlive(known.lease)) return known;
      this.#lost(server, known);
    }
    const held: HeldLease = {
      lease: server.grant(ttl, this),
      instances: new Map(),
      confirmedAt: this.#clock.monotonic(),
      doubtful: false,
      timer: this.#keepAliveTimer(ttl),
    };
    this.#held.set(ttl, held);
    return held;
  }

  #keepAliveTimer(ttl: Seconds): Disposable {
    return this.#clock.setTimer(() => {
      const held = this.#held.get(ttl);
      if (held === undefined) return;
      held.timer = this.#keepAliveTimer(ttl);
      this.#check(held);
    }, (ttl * 1000) / 3);
  }

  #check(held: HeldLease): void {
    if (this.#frozen) return;
    const { server, trouble } = this.#connection;
    const instances = [...held.instances.values()];
    if (server === undefined) {
      if (held.doubtful || trouble === undefined || this.#clock.monotonic() - held.confirmedAt < held.lease.ttl * 1000) return;
      held.doubtful = true;
      this.#events.doubtful(instances, trouble);
      return;
    }
    if (!server.keepAlive(held.lease)) {
      this.#lost(server, held);
      return;
    }
    this.#connection.monitor.keptAlive(0, held.lease.ttl);
    held.confirmedAt = this.#clock.monotonic();
    this.#compare(server, instances, held.doubtful);
    held.doubtful = false;
    this.#dropEmpty();
  }

  #lost(server: MemoryServer, held: HeldLease): void {
    held.timer[Symbol.dispose]();
    this.#held.delete(held.lease.ttl);
    this.#connection.monitor.leaseLost();
    this.#compare(server, [...held.instances.values()], false);
  }

  /** Tells what became of the records: ours still, another owner's, or gone. */
  #compare(server: MemoryServer, instances: readonly ServiceInstance[], wasDoubtful: boolean): void {
    const [confirmed, lost]: [ServiceInstance[], ServiceInstance[]] = [[], []];
    for (const instance of instances) {
      const present = server.find(instance.service, instance.id);
      if (present === undefined) {
        lost.push(instance);
      } else if (present.lease?.holder === this) {
        confirmed.push(instance);
      } else {
        this.#forget(instance);
        this.#events.superseded(instance);
      }
    }
    if (wasDoubtful && confirmed.length > 0) this.#events.confirmed(confirmed);
    if (lost.length > 0) this.#events.lost(lost, new RollcallError('UNAVAILABLE', 'the record is gone: its lease ran out, was revoked, or somebody removed it'));
  }

  #forget(instance: ServiceInstance): void {
    for (const { instances } of this.#held.values()) instances.delete(recordKey(instance));
  }

  #dropEmpty(): void {
    for (const [ttl, { lease, instances, timer }] of [...this.#held]) {
      if (instances.size > 0) continue;
      timer[Symbol.dispose]();
      this.#held.delete(ttl);
      this.#connection.server?.revoke(lease);
    }
  }
}
