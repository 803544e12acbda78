import { RollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import type { LeaseEvents, LeaseStore, RecordWrite, WriteOutcome } from '../../core/lease-store.js';
import type { Seconds } from '../../core/ports.js';
import { recordKey } from '../../core/registration-entry.js';
import type { Random } from '../../core/random.js';
import { newestForeign, stoodThere } from './contested-claim.js';
import { EtcdError } from './etcd-error.js';
import { KeyGuard } from './key-guard.js';
import { LeaseGroup } from './lease-group.js';
import { LeaseKeeper, type LeaseKeeperDeps } from './lease-keeper.js';
import { OpenClaims } from './open-claims.js';
import type { RecordCodec } from './record-codec.js';
import type { EtcdTransport, RequestOp, ResponseOp, TxnResponse, UnaryOptions } from './transport.js';
import type { WatchStream } from './watch-stream.js';
import { chunks, type KeyedWrite, maxTxnOps, opsOf, outcomeOf, removeOp, sweepOp, writeBytes, writeOps } from './write-txn.js';

export interface LeaseStoreDeps extends LeaseKeeperDeps {
  readonly watches: WatchStream;
  readonly codec: RecordCodec;
  readonly defaultTtl: Seconds;
  readonly random: Random;
}

interface NamedWrite extends KeyedWrite {
  readonly instance: ServiceInstance;
  readonly name: string;
}

/** How long, and how often, a write without an answer is reckoned with. */
const lateWritesMs = 60_000;
const lateWriteIntervalMs = 2_000;

/** Transactions under way at a time: enough to fill the round trip, few enough to leave etcd to others. */
const parallelTxns = 4;

/** The write side of etcd: one lease per TTL, records put and removed in transactions that respect their owner. */
export class EtcdLeaseStore implements LeaseStore {
  readonly defaultTtl: Seconds;
  readonly #deps: LeaseStoreDeps;
  readonly #events: LeaseEvents;
  readonly #groups = new Map<Seconds, LeaseGroup>();
  readonly #guard: KeyGuard;
  readonly #claims = new OpenClaims();
  readonly #listening: Disposable;
  readonly #history: Disposable;
  #lateTimer: Disposable | undefined;
  #lateUntil = 0;
  /** Other records of instances that a newer owner has. */
  #left: { readonly group: LeaseGroup; readonly key: Buffer }[] = [];
  #clearing = false;
  #closed = false;

  constructor(events: LeaseEvents, deps: LeaseStoreDeps) {
    this.defaultTtl = deps.defaultTtl;
    this.#deps = deps;
    this.#events = events;
    this.#guard = new KeyGuard({
      session: deps.session,
      watches: deps.watches,
      logger: deps.logger,
      events: {
        lost: (instances, reason) => events.lost(instances, reason),
        superseded: (instance) => {
          for (const group of this.#groups.values()) this.#leave(group, instance);
          events.superseded(instance);
        },
      },
      clock: deps.clock,
      random: deps.random,
      isOurs: (lease) => [...this.#groups.values()].some(({ keeper }) => keeper.ownIds.includes(lease)),
    });
    this.#listening = deps.session.onLive((transport) => {
      void this.#sweep(transport);
    });
    this.#history = deps.session.onHistoryChange(() => {
      this.#claims.clear();
    });
  }

  check(instance: ServiceInstance): void {
    this.#deps.codec.check(instance);
  }

  async write(records: readonly RecordWrite[], ttl: Seconds, signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    const group = this.#group(ttl);
    const { session, codec } = this.#deps;
    const transport = await session.available(signal);
    const writing = this.#guard.letWritesPass();
    try {
      const lease = await group.keeper.ensure(transport, signal);
      const keyed = records.map(({ instance, mode }) => ({ instance, mode, name: recordKey(instance), puts: codec.puts(instance, lease.id) }));
      for (const each of this.#groups.values()) each.refuseShared(keyed);
      const claims = this.#claims.begin(keyed, session.revision);
      const writes = keyed.map((write) => ({ ...write, since: claims.get(write.name), historyBegan: session.historyBegan }));
      // Remembered before they are sent: if the lease is lost while they are under way, they are among the lost.
      for (const { instance, puts } of writes) for (const key of group.note(instance, puts)) this.#guard.remove(key);
      const ownLeases = group.keeper.ownIds;
      const batches = chunks(writes, (write) => writeBytes(write, ownLeases), Math.max(1, Math.floor(maxTxnOps / codec.places.length)));
      const outcomes = await inParallel(batches, async (batch) => {
        for (const { puts } of batch) for (const { key, value } of puts) this.#guard.expect(key, value);
        const answer = await this.#txn(transport, group, lease.id, batch.flatMap((write) => writeOps(write, lease.id, ownLeases)), signal);
        let next = 0;
        return Promise.all(
          batch.map(async (write) => {
            const outcome = outcomeOf(answer.responses[next] as TxnResponse['responses'][number]);
            next += opsOf(write);
            // A claim is not superseded by who was there before it.
            const contested = outcome === 'superseded' && write.mode === 'claim';
            return contested ? this.#contest(transport, group, lease.id, write, signal) : this.#written(transport, group, lease.id, write, { outcome, revision: answer.header.revision });
          }),
        );
      });
      // Not before everything of ours has left it: what still stands under it would be gone for a moment.
      if (group.keeper.hasRetired && group.isRewritten) await group.keeper.revokeRetired(transport, signal);
      return outcomes.flat();
    } catch (error) {
      throw session.failed(transport, error, signal);
    } finally {
      writing[Symbol.dispose]();
    }
  }

  #written(transport: EtcdTransport, group: LeaseGroup, lease: string, { name, puts, instance }: NamedWrite, { outcome, revision }: { readonly outcome: WriteOutcome; readonly revision: string }): WriteOutcome {
    this.#claims.end(name);
    if (outcome === 'stored') {
      if (group.keeper.id === lease) group.stored(instance);
      for (const { key, value } of puts) this.#guard.add(transport, key, value, instance, revision);
    } else {
      this.#leave(group, instance);
    }
    return outcome;
  }

  /**
   * A claim whose first attempt was not answered is tried again, and finds another owner's record that is newer than what we knew before that
   * attempt. If ours stood there meanwhile, that owner is the newer one. If not, he came before us, and we go on.
   */
  async #contest(transport: EtcdTransport, group: LeaseGroup, lease: string, write: NamedWrite, signal: AbortSignal): Promise<WriteOutcome> {
    const own = group.keeper.ownIds;
    for (let since = write.since ?? '0'; ; ) {
      const foreign = await newestForeign(transport, write.puts, own, this.#deps.session.attempt(signal));
      if (foreign !== undefined && (foreign === 'unknown' || (await stoodThere(this.#deps.watches, transport, foreign, since, own, signal)))) {
        return this.#written(transport, group, lease, write, { outcome: 'superseded', revision: since });
      }
      since = foreign?.revision ?? since;
      const answer = await this.#txn(transport, group, lease, writeOps({ ...write, since }, lease, own), signal);
      const outcome = outcomeOf(answer.responses[0] as TxnResponse['responses'][number]);
      if (outcome === 'stored') return this.#written(transport, group, lease, write, { outcome, revision: answer.header.revision });
    }
  }

  async remove(instances: readonly ServiceInstance[], ttl: Seconds, signal: AbortSignal): Promise<void> {
    const group = this.#group(ttl);
    const keys = instances.map((instance) => group.keysOf(instance));
    for (const instance of instances) this.#claims.end(recordKey(instance));
    for (const key of keys.flat()) this.#guard.remove(key);
    group.leaving(instances);
    await this.#removeKeys(group, instances, keys, signal);
    for (const instance of instances) group.forget(instance);
  }

  async #removeKeys(group: LeaseGroup, instances: readonly ServiceInstance[], keys: readonly (readonly Buffer[])[], signal: AbortSignal): Promise<void> {
    const lease = group.keeper.id;
    // Without a lease there is nothing of ours: what stood under the last one went with it, unless that was retired only.
    if (lease === undefined && !group.keeper.hasRetired) return;
    // The last ones take the lease with them, which is one request, and no pings afterwards.
    if (group.isAll(instances)) return group.keeper.release(signal);
    const transport = await this.#deps.session.available(signal);
    try {
      // All keys of an instance in one, as they were written.
      await inParallel(chunks(keys, (each) => each.reduce((sum, key) => sum + 4 * key.length, 0), Math.max(1, Math.floor(maxTxnOps / this.#deps.codec.places.length))), (batch) =>
        this.#txn(transport, group, lease ?? '', batch.flat().map((key) => removeOp(key, group.keeper.ownIds)), signal),
      );
    } catch (error) {
      throw this.#deps.session.failed(transport, error, signal);
    }
  }

  /** A newer owner has its place: what else we wrote of it, in other layouts, goes as well. */
  #leave(group: LeaseGroup, instance: ServiceInstance): void {
    const keys = group.forget(instance);
    for (const key of keys) this.#guard.remove(key);
    if (keys.length < 2) return;
    this.#left.push(...keys.map((key) => ({ group, key })));
    if (!this.#clearing) void this.#clearLeft();
  }

  /** One round at a time: a successor may take over a thousand at once, and what comes meanwhile goes with the next round. */
  async #clearLeft(): Promise<void> {
    const { session } = this.#deps;
    this.#clearing = true;
    while (this.#left.length > 0) {
      const left = this.#left.splice(0);
      const { transport } = session;
      // The next connection sweeps.
      if (transport === undefined) continue;
      const before = session.revision;
      try {
        for (const batch of chunks(left, ({ key }) => 4 * key.length)) {
          const ops = batch.flatMap(({ group, key }) => (group.keeper.id === undefined || group.wants(key) ? [] : [sweepOp(key, group.keeper.id, before)]));
          const [first] = batch;
          if (ops.length > 0 && first !== undefined) await this.#txn(transport, first.group, first.group.keeper.id ?? '', ops, session.signal);
        }
      } catch (error) {
        this.#deps.logger.warn({ err: session.failed(transport, error, session.signal) }, 'records that a newer owner has superseded could not be taken away');
      }
    }
    this.#clearing = false;
  }

  /**
   * Takes away what stands under our leases and is not ours any more: a restored backup may have brought it back, or a write that
   * we gave up may have been carried out after all. Our pings would keep it for ever.
   */
  async #sweep(transport: EtcdTransport): Promise<void> {
    const { session } = this.#deps;
    for (const group of this.#groups.values()) {
      const lease = group.keeper.id;
      if (lease === undefined) continue;
      // Whatever came back has done so before this connection; what is written from here on is wanted.
      const before = session.revision;
      const stray = (key: Buffer): boolean => !group.wants(key);
      try {
        const strays = (await transport.leaseKeys(lease, session.attempt(session.signal))).filter(stray);
        for (const batch of chunks(strays, (key) => 4 * key.length)) {
          await this.#txn(transport, group, lease, batch.filter(stray).map((key) => sweepOp(key, lease, before)), session.signal);
        }
        if (strays.length > 0) this.#deps.logger.warn({ lease, keys: strays.length }, 'removed records that were taken away before and had come back');
      } catch (error) {
        // An owner without the right to read does without. The next connection looks again.
        this.#deps.logger.debug({ err: session.failed(transport, error, session.signal), lease }, 'the keys of a lease could not be looked at');
      }
    }
  }

  /**
   * A write whose answer never came may be carried out at any later time: when the member that has it thaws, for example, long
   * after we went on with another one. Looks for what it may have brought back, for a while.
   */
  #expectLateWrites(): void {
    const { clock } = this.#deps;
    this.#lateUntil = clock.monotonic() + lateWritesMs;
    if (this.#lateTimer !== undefined || this.#closed) return;
    const look = (): void => {
      this.#lateTimer = clock.setTimer(() => {
        this.#lateTimer = undefined;
        const { transport } = this.#deps.session;
        if (transport !== undefined) void this.#sweep(transport);
        if (clock.monotonic() < this.#lateUntil) look();
      }, lateWriteIntervalMs);
    };
    look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#lateTimer?.[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
    this.#history[Symbol.dispose]();
    this.#guard.close();
    await Promise.all([...this.#groups.values()].map(({ keeper }) => keeper.close(this.#deps.session.timings.closeTimeoutMs)));
  }

  #group(ttl: Seconds): LeaseGroup {
    let group = this.#groups.get(ttl);
    if (group === undefined) {
      group = new LeaseGroup(
        (made) =>
          new LeaseKeeper(
            ttl,
            {
              lost: (reason) => {
                made.noneRewritten();
                this.#events.lost(made.instances, reason);
              },
              doubtful: (reason) => {
                this.#events.doubtful(made.instances, reason);
              },
              confirmed: () => {
                this.#events.confirmed(made.instances);
              },
            },
            this.#deps,
          ),
      );
      this.#groups.set(ttl, group);
    }
    return group;
  }

  async #txn(transport: EtcdTransport, group: LeaseGroup, lease: string, ops: RequestOp[], signal: AbortSignal): Promise<Pick<TxnResponse, 'header' | 'responses'>> {
    const { session } = this.#deps;
    const before = session.revision;
    try {
      const answer = await carryOut(transport, ops, session.attempt(signal));
      session.observe(transport, answer.header, before);
      return answer;
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'lease-not-found') {
        group.keeper.markLost(lease, error);
        throw new RollcallError('UNAVAILABLE', error.message, { cause: error });
      }
      if (error instanceof EtcdError && error.kind === 'connection') this.#expectLateWrites();
      throw error;
    }
  }
}

/** A single put, as of a server that registers, needs no transaction: etcd is a little quicker with it. */
async function carryOut(transport: EtcdTransport, ops: RequestOp[], options: UnaryOptions): Promise<Pick<TxnResponse, 'header' | 'responses'>> {
  const [first] = ops;
  if (ops.length !== 1 || first === undefined || !('request_put' in first)) return transport.txn({ compare: [], success: ops, failure: [] }, options);
  const answer = await transport.put(first.request_put, options);
  return { header: answer.header, responses: [{ response_put: answer } as ResponseOp] };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelTxns, items.length) }, worker));
  return results;
}
