import { Backoff } from '../../core/backoff.js';
import { linkSignals, sleep } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { CoalescingSink } from '../../core/coalescing-sink.js';
import { closedError, type RollcallError, toRollcallError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import type { FeedSink, RecordChange } from '../../core/service-feed.js';
import { keyText, nextRevision, prefixRange } from './key-range.js';
import { type EtcdListing, listRecords } from './listing.js';
import { MergedRecords } from './merged-records.js';
import { MergingSink } from './merging-sink.js';
import { owns, type ReadPlace, type RecordCodec } from './record-codec.js';
import type { EtcdSession } from './session.js';
import type { EtcdTransport, WatchResponse } from './transport.js';
import type { WatchStream } from './watch-stream.js';

export interface FollowerDeps {
  readonly session: EtcdSession;
  readonly watches: WatchStream;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

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
export class ServiceFollower implements Disposable {
  readonly #service: string;
  readonly #sink: FeedSink;
  readonly #coalescing: CoalescingSink;
  readonly #merging: MergingSink | undefined;
  readonly #deps: FollowerDeps;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  /** For what is refused and stays so until somebody changes something. */
  readonly #refusedBackoff: Backoff;
  readonly #listening: Disposable;

  constructor(service: string, sink: FeedSink, deps: FollowerDeps) {
    this.#service = service;
    this.#coalescing = new CoalescingSink(sink, deps.clock);
    this.#merging = deps.codec.repeatsInstances ? new MergingSink(this.#coalescing, new MergedRecords(deps.codec.roots), deps.clock) : undefined;
    this.#sink = this.#merging ?? this.#coalescing;
    this.#deps = deps;
    this.#backoff = new Backoff(deps.random, deps.session.timings.retry);
    this.#refusedBackoff = new Backoff(deps.random, deps.session.timings.refusedRetry);
    this.#listening = deps.session.onTrouble((reason) => {
      this.#sink.stale(reason);
    });
    void Promise.resolve().then(() => this.#run());
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#merging?.[Symbol.dispose]();
    this.#coalescing[Symbol.dispose]();
    this.#stopping.abort(closedError('the watch'));
  }

  async #run(): Promise<void> {
    const linked = linkSignals(this.#stopping.signal, this.#deps.session.signal);
    const { signal } = linked;
    if (this.#deps.session.trouble !== undefined) this.#sink.stale(this.#deps.session.trouble);
    const stopping = (): boolean => signal.aborted;
    while (!stopping()) {
      let backoff = this.#backoff;
      try {
        const transport = await this.#deps.session.ready(signal);
        const { revision, places } = await this.#list(transport, signal);
        throw await this.#watch(transport, places, nextRevision(revision), signal);
      } catch (error) {
        if (stopping()) break;
        const reason = toRollcallError(error);
        if (!reason.retryable && reason.code !== 'CLOSED') backoff = this.#refusedBackoff;
        this.#sink.stale(reason);
      }
      if (backoff === this.#backoff) await sleep(this.#deps.clock, backoff.next(), signal).catch(() => undefined);
      else await this.#waitAfterRefusal(signal);
    }
    linked[Symbol.dispose]();
  }

  /** Until it is time to ask again, or the connection is let in: then it may be another answer. */
  async #waitAfterRefusal(signal: AbortSignal): Promise<void> {
    const { connection } = this.#deps.session;
    const letIn = new AbortController();
    const listening = connection.subscribe(() => {
      if (connection.state === 'connected') letIn.abort();
    });
    const linked = linkSignals(signal, letIn.signal);
    await sleep(this.#deps.clock, this.#refusedBackoff.next(), linked.signal).catch(() => undefined);
    linked[Symbol.dispose]();
    listening[Symbol.dispose]();
  }

  async #list(transport: EtcdTransport, signal: AbortSignal): Promise<EtcdListing> {
    const { session } = this.#deps;
    const before = session.revision;
    try {
      const listing = await listRecords(transport, this.#deps.codec, this.#service, session.attempt(signal));
      // Left while the answer was under way: it may be one of an old history.
      if (session.transport !== transport) throw session.trouble ?? closedError('the connection to etcd');
      session.observe(transport, listing.header, before);
      if (!signal.aborted) this.#sink.replace(listing.records, listing.revision);
      return listing;
    } catch (error) {
      throw session.failed(transport, error, signal);
    }
  }

  /** Resolves with the reason once the watch is over. */
  #watch(transport: EtcdTransport, places: readonly ReadPlace[], from: string, signal: AbortSignal): Promise<RollcallError> {
    return new Promise((resolve) => {
      // The member may have been left while the list was under way.
      if (this.#deps.session.transport !== transport) {
        resolve(this.#deps.session.trouble ?? closedError('the connection to etcd'));
        return;
      }
      const watches: Disposable[] = [];
      // One that ended takes the others with it: the list that follows is one of all places.
      let over = false;
      const stop = (): void => {
        over = true;
        for (const watch of watches.splice(0)) watch[Symbol.dispose]();
      };
      const stopped = (): void => {
        stop();
        resolve(closedError('the watch'));
      };
      const isOver = (): boolean => over;
      let begun = 0;
      for (const place of places) {
        const target = { ...prefixRange(`${place.root}${this.#service}/`), start_revision: from };
        const watch = this.#deps.watches.open(transport, target, {
          created: () => {
            if (++begun < places.length) return;
            this.#backoff.reset();
            this.#refusedBackoff.reset();
          },
          events: (events, revision) => {
            this.#sink.apply(this.#changes(place, events), revision);
          },
          ended: (reason) => {
            signal.removeEventListener('abort', stopped);
            stop();
            resolve(reason);
          },
        });
        watches.push(watch);
        // It may have ended before we held it.
        if (isOver()) { stop(); return; }
      }
      signal.addEventListener('abort', stopped, { once: true });
    });
  }

  #changes(place: ReadPlace, events: WatchResponse['events']): RecordChange[] {
    // Keyed, so that of several events of one key the last one stands.
    const changes = new Map<string, RecordChange>();
    for (const { type, kv } of events) {
      if (!owns(place, kv.key)) continue;
      const key = keyText(kv.key);
      const record = type === 'Delete' ? undefined : this.#deps.codec.read(place, this.#service, kv);
      changes.set(key, record ?? { key, deleted: true });
    }
    return [...changes.values()];
  }
}
