import { Backoff } from '../../core/backoff.js';
import { abortable, abortedError, lifetimeController, linkSignals, sleep, withTimeout } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { deferred, type Deferred } from '../../core/deferred.js';
import { closedError, RollcallError, toRollcallError } from '../../core/errors.js';
import { Listeners } from '../../core/listeners.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import { EtcdError } from './etcd-error.js';
import { prefixRange } from './key-range.js';
import type { EtcdTransport, UnaryOptions } from './transport.js';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface SessionOptions {
  /** Client addresses of the members. */
  readonly endpoints: readonly string[];
  /** Where we are allowed to read: the probe asks for one key under it. */
  readonly prefix: string;
  /** How long an operation may take in all, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly openTransport: (endpoint: string) => EtcdTransport;
}

/**
 * How long a member may take to answer one request before we try another. Far above etcd's worst healthy answer (an
 * election takes about a second), below what a caller puts up with.
 */
const attemptTimeoutMs = 2_000;

/** A member that fails us sooner than this after it let us in counts as an attempt that failed. */
const steadyMs = 1_000;

/**
 * Which member of the cluster we talk to, and when to leave it.
 *
 *     connecting ──probe answered──→ live ──report(): a call or a stream failed──→ connecting (the next member)
 *         │  ↑                        │
 *         └──┘ probe failed: next     └──→ closed
 *              member, after a wait once each had its turn
 *
 * A transport is used until the first failure and never again: a new one starts without the old one's dead
 * connections and reconnection backoff. Streams end with their transport.
 */
export class EtcdSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  readonly #backoff: Backoff;
  readonly #closing = lifetimeController();
  readonly #onLive: Listeners<[EtcdTransport]>;
  readonly #onTrouble: Listeners<[RollcallError]>;
  #next: number;
  #liveSince = 0;
  /** How many members in a row failed us right after they had let us in: without it, those would be tried without a pause. */
  #shortLives = 0;
  #transport: EtcdTransport | undefined;
  #ready: Deferred<EtcdTransport> = deferred();
  #trouble: RollcallError | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: SessionOptions, deps: SessionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#backoff = new Backoff(deps.random);
    this.#onLive = new Listeners(deps.logger, 'the etcd session');
    this.#onTrouble = new Listeners(deps.logger, 'the etcd session');
    // Anywhere in the list, so that a thousand clients do not all start on the first member.
    this.#next = Math.floor(deps.random() * options.endpoints.length);
  }

  /** The member in use; `undefined` while there is none. */
  get transport(): EtcdTransport | undefined {
    return this.#transport;
  }

  /** Why there is no member in use; `undefined` while all is well, and before the first attempt failed. */
  get trouble(): RollcallError | undefined {
    return this.#trouble;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Called with each new transport once it answers. */
  onLive(listener: (transport: EtcdTransport) => void): Disposable {
    return this.#onLive.add(listener);
  }

  /** Called with the reason when a member is left, and for each attempt that fails until one succeeds. */
  onTrouble(listener: (reason: RollcallError) => void): Disposable {
    return this.#onTrouble.add(listener);
  }

  /** The transport in use, waiting for one as long as the signal lets it. */
  ready(signal: AbortSignal): Promise<EtcdTransport> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('the connection to etcd'));
    this.#connect();
    return abortable(this.#ready.promise, signal, 'waiting for etcd');
  }

  /**
   * Waits for the first member that answers.
   * @throws RollcallError at once for what waiting cannot mend (a wrong password, a missing file), else when the time is over
   */
  async start(timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const hopeless = new AbortController();
    let refusals = 0;
    const listening = this.onTrouble((reason) => {
      refusals = reason.retryable ? 0 : refusals + 1;
      // One member may be set up wrongly; all of them say something about us.
      if (refusals >= this.#options.endpoints.length) hopeless.abort(reason);
    });
    const linked = linkSignals(signal, hopeless.signal);
    try {
      if (timeoutMs === undefined) await this.ready(linked.signal);
      else await withTimeout(this.#deps.clock, timeoutMs, this.#what('connecting to'), linked.signal, (inner) => this.ready(inner));
    } catch (error) {
      throw this.#explain(error, this.#what('could not connect to'));
    } finally {
      listening[Symbol.dispose]();
      linked[Symbol.dispose]();
    }
  }

  /**
   * Runs something that may be carried out twice (a read, a revocation), on another member if the first does not answer,
   * until it succeeds or time runs out.
   */
  async repeatable<T>(what: string, signal: AbortSignal, run: (transport: EtcdTransport, options: UnaryOptions) => Promise<T>): Promise<T> {
    const backoff = new Backoff(this.#deps.random);
    let last: RollcallError | undefined;
    try {
      return await withTimeout(this.#deps.clock, this.#options.requestTimeoutMs, what, signal, async (inner) => {
        for (;;) {
          const transport = await this.ready(inner);
          try {
            return await run(transport, this.attempt(inner));
          } catch (error) {
            last = this.failed(transport, error, signal);
            if (!last.retryable || inner.aborted) throw last;
            await sleep(this.#deps.clock, backoff.next(), inner);
          }
        }
      });
    } catch (error) {
      throw this.#explain(error, what, last);
    }
  }

  /**
   * The transport in use for one attempt at a write. Waits a moment for one, then says what is wrong:
   * whoever writes has a loop of his own.
   */
  async available(signal: AbortSignal): Promise<EtcdTransport> {
    if (this.#transport !== undefined) return this.#transport;
    try {
      return await withTimeout(this.#deps.clock, attemptTimeoutMs, this.#what('reaching'), signal, (inner) => this.ready(inner));
    } catch (error) {
      throw this.#explain(error, this.#what('could not reach'));
    }
  }

  /** Limits for one request to one member. */
  attempt(signal: AbortSignal): UnaryOptions {
    return { timeoutMs: Math.min(attemptTimeoutMs, this.#options.requestTimeoutMs), signal };
  }

  /**
   * What a call failed with, as one of ours; a member that did not answer is left.
   * @param signal of whoever asked: that he gave up says nothing about the member, which others use as well
   */
  failed(transport: EtcdTransport, cause: unknown, signal: AbortSignal): RollcallError {
    if (signal.aborted) return abortedError(signal, 'the request');
    const error = toRollcallError(cause);
    if (error instanceof EtcdError && error.kind === 'connection') this.report(transport, error);
    return error;
  }

  /** Leaves the member, unless that has happened already. */
  report(transport: EtcdTransport, reason: RollcallError): void {
    if (this.#transport !== transport || this.#closing.signal.aborted) return;
    this.#transport = undefined;
    this.#trouble = reason;
    if (this.#deps.clock.monotonic() - this.#liveSince < steadyMs) {
      this.#shortLives++;
    } else {
      this.#shortLives = 0;
      this.#backoff.reset();
    }
    this.#ready = deferred();
    this.#deps.logger.warn({ err: reason, endpoint: transport.endpoint }, 'lost the connection to etcd');
    transport.close();
    this.#onTrouble.emit(reason);
    this.#connect();
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const error = closedError('the connection to etcd');
    this.#closing.abort(error);
    this.#ready.reject(error);
    this.#transport?.close();
    this.#transport = undefined;
    await this.#connecting;
  }

  #connect(): void {
    if (this.#transport !== undefined || this.#closing.signal.aborted) return;
    this.#connecting ??= this.#tryMembers().finally(() => {
      this.#connecting = undefined;
      // The member that was just found may have failed before we got here.
      this.#connect();
    });
  }

  async #tryMembers(): Promise<void> {
    const { endpoints, openTransport } = this.#options;
    const { signal } = this.#closing;
    const closing = (): boolean => signal.aborted;
    for (let attempts = 0; !closing(); attempts++) {
      // The first round goes through all members at once: leaving a dead one must not wait.
      if (attempts + this.#shortLives >= endpoints.length) await sleep(this.#deps.clock, this.#backoff.next(), signal).catch(() => undefined);
      if (closing()) return;
      const endpoint = endpoints[this.#next++ % endpoints.length] as string;
      let transport: EtcdTransport | undefined;
      try {
        transport = openTransport(endpoint);
        await this.#probe(transport);
      } catch (error) {
        transport?.close();
        if (closing()) return;
        this.#trouble = toRollcallError(error);
        this.#onTrouble.emit(this.#trouble);
        continue;
      }
      this.#enter(transport);
      return;
    }
  }

  /**
   * Asks for one key, through the quorum: a member that is cut off from the others, or that shut its door to us,
   * shows here. It is also what refreshes the token before any stream is opened.
   */
  async #probe(transport: EtcdTransport): Promise<void> {
    const options = this.attempt(this.#closing.signal);
    await transport.authenticate(options);
    try {
      await transport.range({ ...prefixRange(`${this.#options.prefix}/`), limit: 1, keys_only: true }, options);
    } catch (error) {
      // It answers, and knows us: an owner that may write one service only is not allowed to read them all.
      if (error instanceof EtcdError && error.code === 'PERMISSION_DENIED') return;
      throw error;
    }
  }

  #enter(transport: EtcdTransport): void {
    if (this.#closing.signal.aborted) {
      transport.close();
      return;
    }
    this.#transport = transport;
    this.#liveSince = this.#deps.clock.monotonic();
    this.#deps.logger.info({ endpoint: transport.endpoint, recovered: this.#trouble !== undefined }, 'connected to etcd');
    this.#trouble = undefined;
    this.#ready.resolve(transport);
    this.#onLive.emit(transport);
  }

  /** A timeout that says what kept failing. */
  #explain(error: unknown, what: string, last?: RollcallError): RollcallError {
    const known = toRollcallError(error);
    const cause = last ?? this.#trouble;
    if (known.code !== 'TIMEOUT' || known === cause || cause === undefined) return known;
    return new RollcallError(cause.retryable ? 'UNAVAILABLE' : cause.code, `${what}: ${cause.message}`, { cause });
  }

  #what(verb: string): string {
    return `${verb} etcd at ${this.#options.endpoints.join(', ')}`;
  }
}

