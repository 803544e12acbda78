import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import type { LeaseEvents } from '../../core/lease-store.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import { nameOf, nextRevision } from './key-range.js';
import type { EtcdSession } from './session.js';
import type { EtcdTransport, WatchResponse } from './transport.js';
import type { WatchStream } from './watch-stream.js';
import { chunks } from './write-txn.js';

export interface KeyGuardDeps {
  readonly session: EtcdSession;
  readonly watches: WatchStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: Pick<LeaseEvents, 'lost' | 'superseded'>;
  /** Whether a lease is, or was, one of ours. */
  readonly isOurs: (lease: string) => boolean;
}

interface GuardedKey {
  readonly key: Buffer;
  readonly instance: ServiceInstance;
  /** What was written last, or is being written. */
  value: Buffer;
  watch: Disposable | undefined;
}

/** Watches opened at once, and then in each turn. */
const openedTogether = 64;

/** How long the others wait for writes under way: of ten thousand registrations, what is still to be written goes first. */
const longestWaitMs = 1_000;

/**
 * Watches the keys that we wrote, each by itself on the shared stream: a newer owner's record tells us that we are
 * superseded, a deletion (an operator's, or a revoked lease) that we have to write again, both at once instead of with
 * the next ping.
 *
 *     queued ──its turn──→ watched ──the connection was lost, or the watch refused──→ unwatched
 *       │                     ↑                                                          │ ↑
 *       │                     └──────verified: it stands under a lease of ours───────────┘ │
 *       └──the connection was lost─────────────────────────────────────────────────────────┘
 *
 * Every new connection verifies at once. What fails for another reason is tried again with growing waits, up to half a
 * minute: an owner that may write and not read does without, and must not burden etcd.
 */
export class KeyGuard {
  readonly #deps: KeyGuardDeps;
  readonly #keys = new Map<string, GuardedKey>();
  readonly #listening: Disposable;
  readonly #backoff: Backoff;
  #retry: Disposable | undefined;
  #soon = false;
  /** What to watch and from which revision, once it is its turn. */
  readonly #queue = new Map<GuardedKey, { readonly transport: EtcdTransport; readonly from: string }>();
  #turn: Disposable | undefined;
  #openedThisTurn = 0;
  /** Writes under way. */
  #writes = 0;
  /** By when the queue goes on, whatever is under way. */
  #waitUntil = 0;

  constructor(deps: KeyGuardDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(deps.random, { initialMs: 100, maxMs: 30_000 });
    this.#listening = deps.session.onLive(() => {
      this.#verifyUnwatched();
    });
  }

  /** Guards a key that was just written at that revision. */
  add(transport: EtcdTransport, key: Buffer, value: Buffer, instance: ServiceInstance, revision: string): void {
    this.remove(key);
    const guarded: GuardedKey = { key, value, instance, watch: undefined };
    this.#keys.set(nameOf(key), guarded);
    // If the session moved on while the write was under way, it verified without this key.
    if (this.#deps.session.transport === transport) this.#watchInTurn(transport, guarded, nextRevision(revision));
    else this.#verifySoon();
  }

  /** To be called when writes begin, and disposed when they are done: watches in the queue wait for them, but not for long. */
  letWritesPass(): Disposable {
    this.#writes++;
    return {
      [Symbol.dispose]: () => {
        this.#writes--;
        if (this.#turn === undefined) return;
        this.#turn[Symbol.dispose]();
        this.#turnIn(0);
      },
    };
  }

  /** To be called before a key is written again, so that the news of it is no surprise. */
  expect(key: Buffer, value: Buffer): void {
    const guarded = this.#keys.get(nameOf(key));
    if (guarded !== undefined) guarded.value = value;
  }

  remove(key: Buffer): void {
    const name = nameOf(key);
    const guarded = this.#keys.get(name);
    if (guarded === undefined) return;
    guarded.watch?.[Symbol.dispose]();
    this.#queue.delete(guarded);
    this.#keys.delete(name);
  }

  close(): void {
    this.#listening[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
    this.#turn?.[Symbol.dispose]();
    this.#turn = undefined;
    this.#queue.clear();
    for (const { watch } of this.#keys.values()) watch?.[Symbol.dispose]();
    this.#keys.clear();
  }

  #watchInTurn(transport: EtcdTransport, guarded: GuardedKey, from: string): void {
    if (this.#openedThisTurn++ < openedTogether && this.#queue.size === 0) {
      this.#watch(transport, guarded, from);
    } else {
      if (this.#queue.size === 0) this.#waitUntil = this.#deps.clock.monotonic() + longestWaitMs;
      this.#queue.set(guarded, { transport, from });
    }
    if (this.#turn === undefined) this.#turnIn(0);
  }

  #turnIn(ms: number): void {
    this.#turn = this.#deps.clock.setTimer(() => {
      this.#turn = undefined;
      this.#nextTurn();
    }, ms);
  }

  #nextTurn(): void {
    const waitMs = this.#queue.size > 0 && this.#writes > 0 ? this.#waitUntil - this.#deps.clock.monotonic() : 0;
    if (waitMs > 0) {
      this.#turnIn(waitMs);
      return;
    }
    this.#openedThisTurn = 0;
    for (const [guarded, { transport, from }] of this.#queue) {
      if (this.#openedThisTurn++ === openedTogether) break;
      this.#queue.delete(guarded);
      // With another connection it was verified already.
      if (this.#deps.session.transport === transport && guarded.watch === undefined) this.#watch(transport, guarded, from);
    }
    if (this.#queue.size > 0) this.#turnIn(0);
  }

  #watch(transport: EtcdTransport, guarded: GuardedKey, from: string): void {
    guarded.watch = this.#deps.watches.open(
      transport,
      { key: guarded.key, start_revision: from },
      {
        created: () => {
          this.#backoff.reset();
        },
        events: (events) => {
          this.#onEvents(guarded, events);
        },
        ended: (reason) => {
          guarded.watch = undefined;
          // With the connection gone the next one verifies; a watch that ended by itself is begun again here.
          if (this.#deps.session.transport === transport) this.#retryLater(reason);
        },
      },
    );
  }

  #onEvents(guarded: GuardedKey, events: WatchResponse['events']): void {
    // A newer owner may have come and gone within one message: it was the newest all the same.
    if (events.some(({ type, kv }) => type === 'Put' && !this.#deps.isOurs(kv.lease))) this.#superseded(guarded);
    else if (events.at(-1)?.type === 'Delete') this.#lost(guarded);
    // Under our own lease, but not what we wrote last: a write that was given up, carried out late after all.
    else if (events.at(-1)?.kv.value.equals(guarded.value) === false) this.#lost(guarded, 'an older value of the record was written late');
  }

  /** Once for all the keys that were written together. */
  #verifySoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.#verifyUnwatched();
    });
  }

  #verifyUnwatched(): void {
    const { transport } = this.#deps.session;
    if (transport === undefined) return;
    const unwatched = [...this.#keys.values()].filter(({ watch }) => watch === undefined);
    for (const chunk of chunks(unwatched, ({ key }) => key.length)) void this.#verify(transport, chunk);
  }

  async #verify(transport: EtcdTransport, keys: readonly GuardedKey[]): Promise<void> {
    const { session } = this.#deps;
    const before = session.revision;
    try {
      const answer = await transport.txn(
        { compare: [], success: keys.map(({ key }) => ({ request_range: { key, keys_only: true } })), failure: [] },
        session.attempt(session.signal),
      );
      // Left meanwhile: the next connection verifies.
      if (session.transport !== transport) return;
      session.observe(transport, answer.header, before);
      keys.forEach((guarded, index) => {
        if (this.#keys.get(nameOf(guarded.key)) !== guarded || guarded.watch !== undefined) return;
        const found = answer.responses[index]?.response_range.kvs[0];
        if (found === undefined) this.#lost(guarded);
        else if (this.#deps.isOurs(found.lease)) this.#watch(transport, guarded, nextRevision(answer.header.revision));
        // An owner from before us, whom a backup has brought back.
        else if (session.historyBegan !== undefined && BigInt(found.mod_revision) <= BigInt(session.historyBegan)) this.#lost(guarded);
        else this.#superseded(guarded);
      });
    } catch (error) {
      const reason = session.failed(transport, error, session.signal);
      if (session.transport === transport) this.#retryLater(reason);
    }
  }

  #retryLater(reason: RollcallError): void {
    if (this.#retry !== undefined || this.#keys.size === 0) return;
    this.#deps.logger.debug({ err: reason }, 'registrations could not be verified; trying again');
    this.#deps.session.connection.trouble(reason);
    this.#retry = this.#deps.clock.setTimer(() => {
      this.#retry = undefined;
      this.#verifyUnwatched();
    }, this.#backoff.next());
  }

  #lost(guarded: GuardedKey, what = 'the record was removed from etcd'): void {
    this.remove(guarded.key);
    this.#deps.events.lost([guarded.instance], new RollcallError('UNAVAILABLE', what));
  }

  #superseded(guarded: GuardedKey): void {
    this.remove(guarded.key);
    this.#deps.events.superseded(guarded.instance);
  }
}
