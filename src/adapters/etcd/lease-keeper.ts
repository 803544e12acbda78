import { randomBytes } from 'node:crypto';

import { withTimeout } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { setDeadline } from '../../core/deadline.js';
import { RollcallError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Seconds } from '../../core/ports.js';
import { EtcdError } from './etcd-error.js';
import type { EtcdSession } from './session.js';
import type { EtcdTransport, KeepAliveResponse, Stream } from './transport.js';

export interface LeaseKeeperEvents {
  /** The lease is gone, and with it every key under it. */
  lost(reason: RollcallError): void;
  /** No ping was answered for as long as the lease lives. */
  doubtful(reason: RollcallError): void;
  /** A ping was answered after `doubtful`. */
  confirmed(): void;
}

export interface HeldLease {
  readonly id: string;
}

export interface LeaseKeeperDeps {
  readonly session: EtcdSession;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One lease and the one stream that keeps it alive.
 *
 *     none ──ensure()──→ granting ──→ alive ⇄ doubtful (no answer for a TTL)
 *      ↑                                │        │
 *      └──── lost: TTL 0, a write found no lease, or another history ──┘          closed ends all
 *
 * Pings go every third of the TTL. One that is not answered within a sixth makes the session try another member,
 * so that a member that froze costs a lease nothing.
 *
 * When the store turns out to have another history, the lease is retired even if it still lives: an old backup may have
 * brought records back under it that were taken away since, and pinging it would keep them for ever. A new lease is
 * granted, the records are written again under that one, and then the retired one is revoked with whatever is left.
 */
export class LeaseKeeper {
  readonly #ttl: Seconds;
  readonly #deps: LeaseKeeperDeps;
  readonly #events: LeaseKeeperEvents;
  readonly #listening: readonly Disposable[];
  #state: 'none' | 'granting' | 'alive' | 'doubtful' | 'closed' = 'none';
  #id: string | undefined;
  #formerId: string | undefined;
  /** Leases of another history, to be revoked once nothing of ours needs them. */
  readonly #retired = new Set<string>();
  #grant: Promise<HeldLease> | undefined;
  /** Chosen by us and kept until a grant succeeds: a grant that is tried again leaves no orphan behind. */
  #candidateId = newLeaseId();
  /** Whether a grant of it was sent: etcd may have carried it out even if we never heard so. */
  #candidateSent = false;
  #ttlMs: number;
  #link: { readonly transport: EtcdTransport; readonly stream: Stream<{ readonly ID: string }> } | undefined;
  #pingTimer: Disposable | undefined;
  #answerTimer: Disposable | undefined;
  #expiryTimer: Disposable | undefined;
  #pingedAt = 0;

  constructor(ttl: Seconds, events: LeaseKeeperEvents, deps: LeaseKeeperDeps) {
    this.#ttl = ttl;
    this.#ttlMs = ttl * 1000;
    this.#events = events;
    this.#deps = deps;
    this.#listening = [
      deps.session.onLive((transport) => {
        if (this.#id !== undefined) this.#connect(transport);
      }),
      deps.session.onHistoryChange((reason) => {
        this.#retire(reason);
      }),
    ];
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** The leases that a key of ours may carry: the present one, and those before, whose keys etcd may not have removed yet. */
  get ownIds(): readonly string[] {
    return [...new Set([this.#id, this.#formerId, ...this.#retired].filter((id) => id !== undefined))];
  }

  /** Whether there is a lease of another history that was not revoked yet. */
  get hasRetired(): boolean {
    return this.#retired.size > 0;
  }

  /** The lease, granting one if there is none. Tries once. */
  async ensure(transport: EtcdTransport, signal: AbortSignal): Promise<HeldLease> {
    if (this.#id !== undefined) return { id: this.#id };
    this.#grant ??= this.#doGrant(transport, signal).finally(() => {
      this.#grant = undefined;
    });
    return this.#grant;
  }

  /** To be told when a write finds the lease gone. */
  markLost(id: string, reason: RollcallError): void {
    if (this.#id !== id || this.#state === 'closed') return;
    this.#forget(id);
    this.#deps.session.connection.leaseLost();
    this.#deps.logger.warn({ err: reason, lease: id, ttl: this.#ttl }, 'lost a lease');
    this.#events.lost(reason);
  }

  /** Revokes the leases of another history. To be called once everything of ours stands under the present one. */
  async revokeRetired(transport: EtcdTransport, signal: AbortSignal): Promise<void> {
    for (const id of [...this.#retired]) {
      try {
        await transport.leaseRevoke(id, this.#deps.session.attempt(signal));
      } catch (error) {
        // Tried again with the next write; without anybody's pings it runs out by itself anyway.
        if (!(error instanceof EtcdError) || error.kind !== 'lease-not-found') return;
      }
      this.#retired.delete(id);
    }
  }

  #retire(reason: RollcallError): void {
    if (this.#id === undefined || this.#state === 'closed') return;
    this.#retired.add(this.#id);
    this.markLost(this.#id, reason);
  }

  /**
   * Gives the lease back while the keeper goes on: the next `ensure` grants another. etcd removes every key under it, and
   * no other.
   */
  async release(signal: AbortSignal): Promise<void> {
    const id = this.#id;
    await Promise.all([...(id === undefined ? [] : [id]), ...this.#retired].map((each) => this.#revoke(each, signal)));
    this.#retired.clear();
    if (id !== undefined && this.#id === id && this.#state !== 'closed') this.#forget(id);
  }

  /** Stops pinging and gives the lease back; etcd removes every key under it, and no other. */
  async close(timeoutMs: number): Promise<void> {
    const ids = [this.#id, this.#candidateSent ? this.#candidateId : undefined, ...this.#retired].filter((id) => id !== undefined);
    this.#state = 'closed';
    this.#id = undefined;
    for (const each of this.#listening) each[Symbol.dispose]();
    this.#disconnect();
    this.#expiryTimer?.[Symbol.dispose]();
    await Promise.all(ids.map((id) => this.#revokeWithin(timeoutMs, id)));
  }

  /** Takes as many attempts as fit in the time: closing in the middle of a reconnection must not leave the records. */
  async #revokeWithin(timeoutMs: number, id: string): Promise<void> {
    try {
      await withTimeout(this.#deps.clock, timeoutMs, 'revoking a lease', undefined, (signal) => this.#revoke(id, signal));
    } catch (error) {
      this.#deps.logger.warn({ err: error, lease: id, ttl: this.#ttl }, 'a lease could not be revoked; it runs out by itself');
    }
  }

  #revoke(id: string, signal: AbortSignal): Promise<void> {
    return this.#deps.session.repeatable('revoking a lease', signal, async (transport, options) => {
      try {
        await transport.leaseRevoke(id, options);
      } catch (error) {
        // Run out already, or revoked by an attempt whose answer was lost.
        if (!(error instanceof EtcdError) || error.kind !== 'lease-not-found') throw error;
      }
    });
  }

  async #doGrant(transport: EtcdTransport, signal: AbortSignal): Promise<HeldLease> {
    this.#state = 'granting';
    this.#candidateSent = true;
    const id = this.#candidateId;
    let grantedTtl = this.#ttl;
    const { session } = this.#deps;
    const before = session.revision;
    try {
      const answer = await transport.leaseGrant(id, this.#ttl, session.attempt(signal));
      session.observe(transport, answer.header, before);
      grantedTtl = Number(answer.TTL);
    } catch (error) {
      // Ours, from an attempt whose answer was lost.
      if (!(error instanceof EtcdError) || error.kind !== 'lease-exists') {
        if (!this.#isClosed()) this.#state = 'none';
        throw error;
      }
    }
    if (this.#isClosed()) throw new RollcallError('CLOSED', 'the registry is closed');
    this.#candidateId = newLeaseId();
    this.#candidateSent = false;
    // etcd may grant more than was asked for.
    this.#ttlMs = Math.max(1, grantedTtl) * 1000;
    this.#id = id;
    this.#state = 'alive';
    this.#confirm(this.#deps.clock.monotonic());
    if (this.#deps.session.transport !== undefined) this.#connect(this.#deps.session.transport);
    return { id };
  }

  #connect(transport: EtcdTransport): void {
    if (this.#link?.transport === transport) return;
    this.#disconnect();
    const stream = transport.keepAlive({
      message: (response) => {
        this.#onAnswer(transport, response);
      },
      ended: (error) => {
        this.#disconnect();
        this.#deps.session.report(transport, error);
      },
    });
    this.#link = { transport, stream };
    this.#ping();
  }

  #disconnect(): void {
    this.#pingTimer?.[Symbol.dispose]();
    this.#answerTimer?.[Symbol.dispose]();
    this.#link?.stream.end();
    this.#link = undefined;
  }

  #ping(): void {
    const link = this.#link;
    const id = this.#id;
    if (link === undefined || id === undefined) return;
    this.#pingedAt = this.#deps.clock.monotonic();
    link.stream.write({ ID: id });
    const patience = this.#deps.session.timings.keepaliveTimeoutMs(this.#ttlMs);
    this.#answerTimer?.[Symbol.dispose]();
    const { clock } = this.#deps;
    this.#answerTimer = setDeadline(clock, () => {
      this.#disconnect();
      this.#deps.session.report(
        link.transport,
        new EtcdError('TIMEOUT', 'connection', `etcd ${link.transport.endpoint}: no answer to a lease keepalive for ${Math.round(patience)} ms`),
      );
    }, patience);
  }

  #onAnswer(transport: EtcdTransport, response: KeepAliveResponse): void {
    const id = this.#id;
    if (id === undefined || response.ID !== id) return;
    this.#answerTimer?.[Symbol.dispose]();
    // etcd answers the ping of a lease that it does not have with a TTL of 0.
    if (Number(response.TTL) <= 0) {
      this.markLost(id, new EtcdError('UNAVAILABLE', 'lease-not-found', `lease ${id} has run out or was revoked`));
      return;
    }
    const { clock, session } = this.#deps;
    session.observe(transport, response.header);
    session.connection.keptAlive(clock.monotonic() - this.#pingedAt, this.#ttl);
    this.#confirm(this.#pingedAt);
    this.#pingTimer?.[Symbol.dispose]();
    // Counted from the last ping, not from its answer: a process that stood still in between is late and pings at once.
    const next = this.#pingedAt + session.timings.keepaliveIntervalMs(this.#ttlMs) - clock.monotonic();
    this.#pingTimer = clock.setTimer(() => {
      this.#ping();
    }, Math.max(0, next));
  }

  /** The lease lives for a TTL from when the ping was sent, not from when its answer came. */
  #confirm(since: number): void {
    this.#expiryTimer?.[Symbol.dispose]();
    const left = Math.max(0, since + this.#ttlMs - this.#deps.clock.monotonic());
    this.#expiryTimer = this.#deps.clock.setTimer(() => {
      this.#state = 'doubtful';
      const reason = new RollcallError('UNAVAILABLE', `etcd has not confirmed the lease for ${this.#ttlMs / 1000} s`, { cause: this.#deps.session.trouble });
      this.#events.doubtful(reason);
    }, left);
    if (this.#state === 'doubtful') {
      this.#state = 'alive';
      this.#events.confirmed();
    }
  }

  #forget(id: string): void {
    this.#state = 'none';
    this.#formerId = id;
    this.#id = undefined;
    this.#disconnect();
    this.#expiryTimer?.[Symbol.dispose]();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}

/** A positive 64-bit number, as text: it exceeds what a JavaScript number holds. */
function newLeaseId(): string {
  return ((randomBytes(8).readBigUInt64BE() >> 1n) | 1n).toString();
}
