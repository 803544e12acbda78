import { randomUUID } from 'node:crypto';

import { type Clock, type LeaseEvents, type LeaseStore, type RecordWrite, RollcallError, type Seconds, type ServiceInstance, type WriteOutcome } from 'rollcall';

import type { Directory } from './directory.js';

interface HeldRecord {
  readonly instance: ServiceInstance;
  readonly path: string;
  readonly position: number;
}

interface HeldLease {
  readonly name: string;
  readonly records: Map<string, HeldRecord>;
  confirmedAt: number;
  timer: Disposable;
  /** The last look after it, which `close` waits for. */
  looking: Promise<void>;
}

const longestFileName = 255;

/** Writes one file per record, and touches one file per TTL to keep them alive. */
export class FileLeaseStore implements LeaseStore {
  readonly defaultTtl: Seconds = 5;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #events: LeaseEvents;
  readonly #owner = randomUUID();
  readonly #held = new Map<Seconds, HeldLease>();

  constructor(directory: Directory, clock: Clock, events: LeaseEvents) {
    this.#directory = directory;
    this.#clock = clock;
    this.#events = events;
  }

  check({ id }: ServiceInstance): void {
    if (encodeURIComponent(id).length + this.#owner.length + 40 > longestFileName) throw new RollcallError('INVALID_INSTANCE', 'the id is too long for a file name');
  }

  async write(records: readonly RecordWrite[], ttl: Seconds): Promise<readonly WriteOutcome[]> {
    const held = this.#lease(ttl);
    await this.#directory.keepAlive(held.name);
    held.confirmedAt = this.#clock.monotonic();
    const outcomes: WriteOutcome[] = [];
    for (const { instance, mode } of records) {
      const key = keyOf(instance);
      const own = held.records.get(key);
      if (mode === 'renew' && own !== undefined && (await this.#fate(own, held.name)) === 'superseded') {
        await this.#forget(held, own);
        outcomes.push('superseded');
        continue;
      }
      const position = mode === 'renew' && own !== undefined ? own.position : await this.#directory.changed();
      const path = this.#directory.claimPath(instance, position, held.name);
      held.records.set(key, { instance, path, position });
      await this.#directory.write(path, instance);
      if (own !== undefined && own.path !== path) await this.#directory.remove(own.path);
      outcomes.push('stored');
    }
    await this.#directory.changed();
    return outcomes;
  }

  async remove(instances: readonly ServiceInstance[], ttl: Seconds): Promise<void> {
    const held = this.#held.get(ttl);
    if (held === undefined) return;
    for (const instance of instances) {
      const own = held.records.get(keyOf(instance));
      if (own !== undefined) await this.#forget(held, own);
    }
    await this.#directory.changed();
  }

  async close(): Promise<void> {
    for (const [ttl, held] of this.#held) {
      this.#held.delete(ttl);
      held.timer[Symbol.dispose]();
      await held.looking;
      // Where the directory is out of reach, the records go when their lease runs out.
      for (const { path } of held.records.values()) await this.#directory.remove(path).catch(() => undefined);
      await this.#directory.remove(this.#directory.leasePath(held.name)).catch(() => undefined);
    }
    await this.#directory.changed().catch(() => undefined);
  }

  #lease(ttl: Seconds): HeldLease {
    let held = this.#held.get(ttl);
    if (held === undefined) {
      held = { name: `${this.#owner}.${ttl}`, records: new Map(), confirmedAt: this.#clock.monotonic(), timer: this.#timer(ttl), looking: Promise.resolve() };
      this.#held.set(ttl, held);
    }
    return held;
  }

  #timer(ttl: Seconds): Disposable {
    return this.#clock.setTimer(() => {
      const held = this.#held.get(ttl);
      if (held === undefined) return;
      held.looking = this.#look(held, ttl * 1000).then(() => {
        if (this.#held.get(ttl) === held) held.timer = this.#timer(ttl);
      });
    }, (ttl * 1000) / 3);
  }

  /** Keeps the lease alive, and reports what became of the records. */
  async #look(held: HeldLease, ttlMs: number): Promise<void> {
    const [confirmed, lost]: [ServiceInstance[], ServiceInstance[]] = [[], []];
    try {
      for (const own of [...held.records.values()]) {
        const fate = await this.#fate(own, held.name);
        if (fate === 'superseded') {
          await this.#forget(held, own);
          this.#events.superseded(own.instance);
        } else {
          (fate === 'ours' ? confirmed : lost).push(own.instance);
        }
      }
      if (confirmed.length > 0) await this.#directory.keepAlive(held.name);
      held.confirmedAt = this.#clock.monotonic();
      this.#events.confirmed(confirmed);
      this.#events.lost(lost, new RollcallError('UNAVAILABLE', 'the record is gone: its lease ran out, or a file was removed'));
    } catch (error) {
      const instances = [...held.records.values()].map(({ instance }) => instance);
      if (this.#clock.monotonic() - held.confirmedAt >= ttlMs) this.#events.doubtful(instances, error as RollcallError);
    }
  }

  /** Whose claim counts for the id: ours, that of an owner who came after us, or nobody’s who lives. */
  async #fate({ instance, position }: HeldRecord, lease: string): Promise<'ours' | 'superseded' | 'gone'> {
    const claims = await this.#directory.claims(instance.service);
    const standing = claims.find(({ id }) => id === instance.id);
    if (standing === undefined || standing.position < position) return 'gone';
    return standing.lease === lease ? 'ours' : 'superseded';
  }

  async #forget(held: HeldLease, { instance, path }: HeldRecord): Promise<void> {
    await this.#directory.remove(path);
    held.records.delete(keyOf(instance));
  }
}

function keyOf({ service, id }: ServiceInstance): string {
  return `${service}/${id}`;
}
