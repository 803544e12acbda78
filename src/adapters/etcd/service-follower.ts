import { Backoff } from '../../core/backoff.js';
import { linkSignals, sleep } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { CoalescingSink } from '../../core/coalescing-sink.js';
import { closedError, type RollcallError, toRollcallError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import type { FeedSink, RecordChange } from '../../core/service-feed.js';
import { nextRevision } from './key-range.js';
import { type EtcdListing, listRecords } from './listing.js';
import { MergedRecords } from './merged-records.js';
import { MergingSink } from './merging-sink.js';
import type { RecordCodec } from './record-codec.js';
import { type ServiceWatchOwner, watchService } from './service-watch.js';
import type { EtcdSession } from './session.js';
import type { EtcdTransport } from './transport.js';
import type { WatchStream } from './watch-stream.js';

export interface FollowerDeps {
  readonly session: EtcdSession;
  readonly watches: WatchStream;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Stands for a watch until we hold it. */
const opening: Disposable = { [Symbol.dispose]: () => undefined };

/**
 * Follows one service for ever: list, then watch from exactly the next revision.
 *
 *     waiting ──session ready──→ listing ──complete──→ watching
 *        ↑                          │ failed              │ ended: connection lost, compacted, refused
 *        └──────── backoff ─────────┴─────────────────────┘
 *
 * After every gap the whole list is read again instead of the missed events: what counts is the state, and no
 * backlog, compaction or restored snapshot can make a list wrong.
 */
export class ServiceFollower implements Disposable, ServiceWatchOwner {
  readonly service: string;
  readonly #sink: FeedSink;
  readonly #coalescing: CoalescingSink;
  readonly #merging: MergingSink | undefined;
  readonly #deps: FollowerDeps;
  #watch: Disposable | undefined;
  /** These only where there is no watch: one that stands needs none of them, and there may be thousands. */
  #working: AbortController | undefined;
  #listening: Disposable | undefined;
  #backoff: Backoff | undefined;
  /** For what is refused and stays so until somebody changes something. */
  #refusedBackoff: Backoff | undefined;
  #disposed = false;

  constructor(service: string, sink: FeedSink, deps: FollowerDeps) {
    this.service = service;
    this.#coalescing = new CoalescingSink(sink, deps.clock);
    this.#merging = deps.codec.repeatsInstances ? new MergingSink(this.#coalescing, new MergedRecords(deps.codec.roots), deps.clock) : undefined;
    this.#sink = this.#merging ?? this.#coalescing;
    this.#deps = deps;
    this.#listen();
    void Promise.resolve().then(() => {
      if (deps.session.trouble !== undefined && !this.#over) this.#sink.stale(deps.session.trouble);
      return this.#begin();
    });
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#deafen();
    this.#merging?.[Symbol.dispose]();
    this.#coalescing[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#working?.abort(closedError('the watch'));
  }

  /** For its watch: every place is watched. */
  watching(): void {
    this.#backoff = undefined;
    this.#refusedBackoff = undefined;
  }

  /** For its watch: what etcd told. */
  changed(changes: readonly RecordChange[], revision: string): void {
    this.#sink.apply(changes, revision);
  }

  /** For its watch: it is over, and everything begins again. */
  ended(reason: RollcallError): void {
    this.#watch = undefined;
    if (this.#over) return;
    this.#listen();
    this.#sink.stale(reason);
    void Promise.resolve().then(() => this.#begin(reason));
  }

  /** To the session, whose trouble ends a watch but would not reach us without one. */
  #listen(): void {
    this.#listening ??= this.#deps.session.onTrouble((reason) => {
      this.#sink.stale(reason);
    });
  }

  #deafen(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
  }

  get #over(): boolean {
    return this.#disposed || this.#deps.session.signal.aborted;
  }

  /**
   * Lists until a watch stands, and leaves nothing behind then.
   * @param ended why the watch before this one is over
   */
  async #begin(ended?: RollcallError): Promise<void> {
    if (this.#over) return;
    const working = new AbortController();
    this.#working = working;
    const linked = linkSignals(working.signal, this.#deps.session.signal);
    const { signal } = linked;
    let failure = ended ?? (await this.#listAndWatch(signal));
    while (failure !== undefined) {
      await this.#waitAfter(failure, signal);
      failure = await this.#listAndWatch(signal);
    }
    linked[Symbol.dispose]();
    // The watch may have ended already, and another round begun.
    if (this.#working !== working) return;
    this.#working = undefined;
    if (this.#watch !== undefined) this.#deafen();
  }

  /** Why it could not, of which the sink is told; `undefined` once a watch stands, and where nobody wants one any more. */
  async #listAndWatch(signal: AbortSignal): Promise<RollcallError | undefined> {
    const stopping = (): boolean => signal.aborted;
    if (stopping()) return undefined;
    try {
      const transport = await this.#deps.session.ready(signal);
      const { revision, places } = await this.#list(transport, signal);
      if (stopping()) return undefined;
      // The member may have been left while the list was under way.
      if (this.#deps.session.transport !== transport) throw this.#deps.session.trouble ?? closedError('the connection to etcd');
      this.#watch = opening;
      const watch = watchService(this, transport, places, nextRevision(revision), this.#deps);
      // It may have ended before we held it.
      if (this.#watch === opening) this.#watch = watch;
      return undefined;
    } catch (error) {
      if (stopping()) return undefined;
      const reason = toRollcallError(error);
      this.#sink.stale(reason);
      return reason;
    }
  }

  /** As long as this kind of trouble is worth. */
  async #waitAfter(reason: RollcallError, signal: AbortSignal): Promise<void> {
    const { clock, random, session } = this.#deps;
    if (reason.retryable || reason.code === 'CLOSED') {
      this.#backoff ??= new Backoff(random, session.timings.retry);
      await sleep(clock, this.#backoff.next(), signal).catch(() => undefined);
    } else {
      this.#refusedBackoff ??= new Backoff(random, session.timings.refusedRetry);
      await this.#waitAfterRefusal(this.#refusedBackoff.next(), signal);
    }
  }

  /** Until it is time to ask again, or the connection is let in: then it may be another answer. */
  async #waitAfterRefusal(ms: number, signal: AbortSignal): Promise<void> {
    const { connection } = this.#deps.session;
    const letIn = new AbortController();
    const listening = connection.subscribe(() => {
      if (connection.state === 'connected') letIn.abort();
    });
    const linked = linkSignals(signal, letIn.signal);
    await sleep(this.#deps.clock, ms, linked.signal).catch(() => undefined);
    linked[Symbol.dispose]();
    listening[Symbol.dispose]();
  }

  async #list(transport: EtcdTransport, signal: AbortSignal): Promise<EtcdListing> {
    const { session } = this.#deps;
    const before = session.revision;
    try {
      const listing = await listRecords(transport, this.#deps.codec, this.service, session.attempt(signal));
      // Left while the answer was under way: it may be one of an old history.
      if (session.transport !== transport) throw session.trouble ?? closedError('the connection to etcd');
      session.observe(transport, listing.header, before);
      if (!signal.aborted) this.#sink.replace(listing.records, listing.revision);
      return listing;
    } catch (error) {
      throw session.failed(transport, error, signal);
    }
  }
}
