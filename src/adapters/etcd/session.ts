import { Backoff } from '../../core/backoff.js';
import { abortable, abortedError, lifetimeController, linkSignals, sleep, withTimeout } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { ConnectionMonitor } from '../../core/connection-monitor.js';
import { deferred, type Deferred } from '../../core/deferred.js';
import { closedError, RollcallError, toRollcallError } from '../../core/errors.js';
import { Listeners } from '../../core/listeners.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import { EtcdError } from './etcd-error.js';
import { type KeyRange, rootRanges } from './key-range.js';
import { type Member, MemberList } from './member-list.js';
import { findMember } from './member-search.js';
import { StoreHistory } from './store-history.js';
import { defaultTimings, type EtcdTimings } from './timings.js';
import type { EtcdTransport, ResponseHeader, UnaryOptions } from './transport.js';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where to report how the connection is. Default: nobody looks. */
  readonly connection?: ConnectionMonitor | undefined;
}

export interface SessionOptions {
  /** Client addresses of the members. */
  readonly endpoints: readonly string[];
  /** Where we are allowed to read: the probe asks for one key below the first of them. */
  readonly roots: readonly string[];
  /** How long an operation may take in all, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Default: those of a connection that sets none. */
  readonly timings?: EtcdTimings | undefined;
  readonly openTransport: (endpoint: string) => EtcdTransport;
}

/** A member that answered, and what it said of the store. */
interface Answering {
  readonly transport: EtcdTransport;
  /** Absent where we may not read, and so were told nothing. */
  readonly header: ResponseHeader | undefined;
  /** The newest revision that we knew when it was asked. */
  readonly since: string;
}

/** A member that fails us sooner than this after it let us in counts as an attempt that failed. */
const steadyMs = 1_000;

/**
 * Which member of the cluster we talk to, and when to leave it.
 *
 *     connecting ──a member answered the probe──→ live ──report(): a call or a stream failed, or fell silent──→ connecting
 *         │                                        │
 *         └────────────────────────────────────────┴──→ closed
 *
 * How a member is looked for is in `member-search.ts`. A transport is used until the first failure and never again: a new
 * one starts without the old one's dead connections and reconnection backoff. Streams end with their transport.
 */
export class EtcdSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  readonly #timings: EtcdTimings;
  readonly #connection: ConnectionMonitor;
  readonly #members: MemberList;
  readonly #backoff: Backoff;
  readonly #history = new StoreHistory();
  readonly #closing = lifetimeController();
  readonly #onLive: Listeners<[EtcdTransport]>;
  readonly #onTrouble: Listeners<[reason: RollcallError, endpoint: string]>;
  readonly #onHistoryChange: Listeners<[RollcallError]>;
  #liveSince = 0;
  #heardAt = 0;
  #idleProbe: Disposable | undefined;
  /** How many members in a row failed us right after they had let us in: without it, those would be tried without a pause. */
  #shortLives = 0;
  #transport: EtcdTransport | undefined;
  #ready: Deferred<EtcdTransport> = deferred();
  #trouble: RollcallError | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: SessionOptions, deps: SessionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#timings = options.timings ?? defaultTimings;
    this.#connection = deps.connection ?? new ConnectionMonitor(deps);
    this.#members = new MemberList(options.endpoints, this.#timings.refusedRetry, deps);
    this.#backoff = new Backoff(deps.random, this.#timings.retry);
    this.#onLive = new Listeners(deps.logger, 'the etcd session');
    this.#onTrouble = new Listeners(deps.logger, 'the etcd session');
    this.#onHistoryChange = new Listeners(deps.logger, 'the etcd session');
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
  onTrouble(listener: (reason: RollcallError, endpoint: string) => void): Disposable {
    return this.#onTrouble.add(listener);
  }

  /**
   * Called when the store turns out to have another history than the one we knew: restored from a backup, or another
   * cluster. Nothing that we remember of it holds. Comes before `onLive` where a new connection showed it.
   */
  onHistoryChange(listener: (reason: RollcallError) => void): Disposable {
    return this.#onHistoryChange.add(listener);
  }

  get timings(): EtcdTimings {
    return this.#timings;
  }

  get connection(): ConnectionMonitor {
    return this.#connection;
  }

  /** The newest revision of the store that we know of, to be handed to `observe` with the answer of a request sent now. */
  get revision(): string {
    return this.#history.revision;
  }

  /**
   * Takes note of an answer's header. One of a transport that was left says nothing any more.
   * @param since `revision` from before the request was sent; only for requests that go through the quorum, whose answers
   *   can never be older than that
   */
  observe(transport: EtcdTransport, header: ResponseHeader, since?: string): void {
    if (this.#transport !== transport) return;
    this.#heardAt = this.#deps.clock.monotonic();
    // What goes through the quorum carries our token, so we are let in; pings and streams that are open do not show that.
    if (since !== undefined) this.#letIn(transport);
    const change = this.#history.observe(header, since);
    if (change === undefined) {
      this.#connection.saw(header.revision);
      return;
    }
    const reason = new RollcallError('UNAVAILABLE', `etcd has another history than before: ${change}; it was restored from a backup, or it is another cluster`);
    this.#deps.logger.warn({ err: reason, revision: header.revision }, 'the history of etcd has changed; everything is read and written again');
    this.#connection.historyChanged(header.revision);
    this.#onHistoryChange.emit(reason);
  }

  /** The revision at which the present history began for us; `undefined` while it is the one that we met first. */
  get historyBegan(): string | undefined {
    return this.#history.began;
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
    const refused = new Set<string>();
    const listening = this.onTrouble((reason, endpoint) => {
      if (reason.retryable) refused.delete(endpoint);
      else refused.add(endpoint);
      // One member may be set up wrongly; all of them say something about us.
      if (this.#options.endpoints.every((each) => refused.has(each))) hopeless.abort(reason);
    });
    const linked = linkSignals(signal, hopeless.signal);
    try {
      if (timeoutMs === undefined) await this.ready(linked.signal);
      else await withTimeout(this.#deps.clock, timeoutMs, this.#what('connecting to'), linked.signal, (inner) => this.ready(inner));
    } catch (error) {
      const known = this.#explain(error, this.#what('could not connect to'));
      // Nobody has answered yet, not even with a refusal: a member that did not take the call is no member that is slow with it.
      throw known.code === 'TIMEOUT' ? new RollcallError('UNAVAILABLE', `${this.#what('could not connect to')}: no answer yet after ${timeoutMs} ms`, { cause: known }) : known;
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
    const backoff = new Backoff(this.#deps.random, this.#timings.retry);
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
      return await withTimeout(this.#deps.clock, this.#timings.attemptTimeoutMs, this.#what('reaching'), signal, (inner) => this.ready(inner));
    } catch (error) {
      throw this.#explain(error, this.#what('could not reach'));
    }
  }

  /** Limits for one request to one member. */
  attempt(signal: AbortSignal): UnaryOptions {
    return { timeoutMs: Math.min(this.#timings.attemptTimeoutMs, this.#options.requestTimeoutMs), signal };
  }

  /**
   * What a call failed with, as one of ours; a member that did not answer is left.
   * @param signal of whoever asked: that he gave up says nothing about the member, which others use as well
   */
  failed(transport: EtcdTransport, cause: unknown, signal: AbortSignal): RollcallError {
    if (signal.aborted) return abortedError(signal, 'the request');
    const error = toRollcallError(cause);
    if (error instanceof EtcdError && error.kind === 'connection') this.report(transport, error);
    // The member stays: it still takes the pings that keep our leases alive. But nothing else works.
    else if (error.code === 'UNAUTHENTICATED' && this.#transport === transport) this.#connection.lost(error);
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
    this.#idleProbe?.[Symbol.dispose]();
    this.#deps.logger.warn({ err: reason, endpoint: transport.endpoint }, 'lost the connection to etcd');
    transport.close();
    this.#connection.lost(reason);
    this.#onTrouble.emit(reason, transport.endpoint);
    this.#connect();
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const error = closedError('the connection to etcd');
    this.#closing.abort(error);
    this.#ready.reject(error);
    this.#idleProbe?.[Symbol.dispose]();
    this.#transport?.close();
    this.#transport = undefined;
    await this.#connecting;
  }

  #connect(): void {
    if (this.#transport !== undefined || this.#closing.signal.aborted) return;
    this.#connecting ??= this.#search().finally(() => {
      this.#connecting = undefined;
      // The member that was just found may have failed before we got here.
      this.#connect();
    });
  }

  async #search(): Promise<void> {
    const found = await findMember<Answering>({
      clock: this.#deps.clock,
      members: this.#members,
      backoff: this.#backoff,
      hedgeDelayMs: Math.min(this.#timings.hedgeDelayMs, this.#timings.attemptTimeoutMs),
      atOnce: this.#members.size - this.#shortLives,
      waitFirst: this.#trouble !== undefined,
      signal: this.#closing.signal,
      attempt: (member, signal) => this.#attempt(member, signal),
      failed: (error, { endpoint }) => {
        this.#trouble = error;
        this.#connection.lost(error);
        this.#onTrouble.emit(error, endpoint);
      },
      discard: ({ transport }) => {
        transport.close();
      },
    });
    if (found !== undefined) this.#enter(found);
  }

  async #attempt(member: Member, signal: AbortSignal): Promise<Answering> {
    const transport = this.#options.openTransport(member.endpoint);
    const since = this.revision;
    try {
      return { transport, since, header: await this.#probe(transport, signal) };
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /**
   * Asks for one key, through the quorum: a member that is cut off from the others, or that shut its door to us,
   * shows here. It is also what gets a token, or a new one, before any stream is opened.
   */
  async #probe(transport: EtcdTransport, signal: AbortSignal): Promise<ResponseHeader | undefined> {
    const options = this.attempt(signal);
    const request = { ...(rootRanges(this.#options.roots[0] ?? '')[0] as KeyRange), limit: 1, keys_only: true };
    // The search for a member has waits of its own for those that refuse us; both together would be too long.
    await transport.authenticate({ ...options, evenIfDenied: transport !== this.#transport });
    try {
      return (await transport.range(request, options)).header;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      // It answers, and knows us: an owner that may write one service only is not allowed to read them all.
      if (error.code === 'PERMISSION_DENIED') return undefined;
      if (error.code === 'TIMEOUT' && !signal.aborted) throw await this.#withoutQuorum(transport, request, error, signal);
      throw error;
    }
  }

  /** Tells a member that is silent from one that answers, but only from its own copy: that is what an operator must know. */
  async #withoutQuorum(transport: EtcdTransport, request: { readonly key: Buffer; readonly range_end: Buffer }, error: EtcdError, signal: AbortSignal): Promise<EtcdError> {
    try {
      await transport.range({ ...request, limit: 1, keys_only: true, serializable: true }, { timeoutMs: this.#timings.hedgeDelayMs, signal });
    } catch {
      return error;
    }
    return new EtcdError('UNAVAILABLE', 'connection', `etcd ${transport.endpoint} has no quorum: it answers from its own copy only, too few members of its cluster are up or reach each other`, error);
  }

  #enter({ transport, header, since }: Answering): void {
    if (this.#closing.signal.aborted) {
      transport.close();
      return;
    }
    this.#transport = transport;
    this.#liveSince = this.#deps.clock.monotonic();
    this.#deps.logger.info({ endpoint: transport.endpoint, recovered: this.#trouble !== undefined }, 'connected to etcd');
    this.#trouble = undefined;
    this.#letIn(transport);
    if (header !== undefined) this.observe(transport, header, since);
    this.#watchIdleness(transport, this.#timings.idleProbeMs);
    this.#ready.resolve(transport);
    this.#onLive.emit(transport);
  }

  /**
   * Without a watch or a lease nobody would notice that etcd is gone until the next call: asks when nothing was heard for
   * a while, and when we were refused and may be let in again.
   */
  #watchIdleness(transport: EtcdTransport, ms: number): void {
    const { clock } = this.#deps;
    const { idleProbeMs } = this.#timings;
    this.#idleProbe = clock.setTimer(() => {
      const left = this.#heardAt + idleProbeMs - clock.monotonic();
      if (left > 0 && this.#connection.state === 'connected') {
        this.#watchIdleness(transport, left);
        return;
      }
      void this.#probeAgain(transport).then(() => {
        if (this.#transport === transport) this.#watchIdleness(transport, idleProbeMs);
      });
      // It is no reason for a process to stay that has nothing registered and nothing watched.
    }, ms, { unref: true });
  }

  #letIn(transport: EtcdTransport): void {
    this.#heardAt = this.#deps.clock.monotonic();
    this.#connection.connected(transport.endpoint);
  }

  async #probeAgain(transport: EtcdTransport): Promise<void> {
    const since = this.revision;
    try {
      const header = await this.#probe(transport, this.#closing.signal);
      if (header !== undefined) this.observe(transport, header, since);
      else if (this.#transport === transport) this.#letIn(transport);
    } catch (error) {
      this.failed(transport, error, this.#closing.signal);
    }
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

