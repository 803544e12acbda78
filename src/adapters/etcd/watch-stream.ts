import type { Clock } from '../../core/clock.js';
import { type RollcallError, toRollcallError } from '../../core/errors.js';
import { callSafely } from '../../core/listeners.js';
import type { Logger } from '../../core/logger.js';
import { EtcdError, watchCancelledError } from './etcd-error.js';
import type { EtcdSession } from './session.js';
import { StreamWatchdog } from './stream-watchdog.js';
import type { EtcdTransport, Stream, WatchRequest, WatchResponse } from './transport.js';

type WatchEvents = WatchResponse['events'];

export interface WatchHandlers {
  /** etcd has accepted the watch: from here on nothing is missed. */
  created(): void;
  /** All events of one or more whole revisions, in order; `revision` is the newest among them. */
  events(events: WatchEvents, revision: string): void;
  /** The watch is over, and not by `cancel()`. Called once. */
  ended(reason: RollcallError): void;
}

export interface WatchTarget {
  readonly key: Buffer;
  readonly range_end?: Buffer;
  /** The first revision of interest. */
  readonly start_revision: string;
}

export interface WatchStreamDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

interface OpenStream {
  readonly transport: EtcdTransport;
  readonly stream: Stream<WatchRequest>;
  readonly watchdog: StreamWatchdog;
}

const noEvents: WatchEvents = [];

/** One watch of the stream. There may be thousands, so it holds what it must and no more. */
class OpenWatch implements Disposable {
  readonly id: string;
  readonly handlers: WatchHandlers;
  /** Events of a revision that etcd sends in several messages, until the last has come. */
  fragments = noEvents;
  readonly #cancel: (id: string) => void;

  constructor(id: string, handlers: WatchHandlers, cancel: (id: string) => void) {
    this.id = id;
    this.handlers = handlers;
    this.#cancel = cancel;
  }

  [Symbol.dispose](): void {
    this.#cancel(this.id);
  }
}

/**
 * Many watches over one stream to one member. It lives as long as the transport and its last watch:
 * when either goes, it goes; a stream that failed or fell silent ends all its watches and makes the session leave the member.
 */
export class WatchStream {
  readonly #session: EtcdSession;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #watches = new Map<string, OpenWatch>();
  /** The key of each watch that etcd has not answered yet, by id, in the order of the requests, which is that of the answers. */
  readonly #unanswered = new Map<string, Buffer>();
  /** A key that we may watch, as etcd has shown. */
  #watchable: Buffer | undefined;
  #stream: OpenStream | undefined;
  #lastId = 0;

  constructor(session: EtcdSession, deps: WatchStreamDeps) {
    this.#session = session;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    // The session closes a transport when it leaves it, and its streams end without a word then.
    session.onTrouble((reason) => {
      this.#fail(reason);
    });
    session.signal.addEventListener('abort', () => {
      this.close();
    }, { once: true });
  }

  /** Opens a watch on the transport, which must be the session's present one. */
  open(transport: EtcdTransport, target: WatchTarget, handlers: WatchHandlers): Disposable {
    const id = String(++this.#lastId);
    const watch = new OpenWatch(id, handlers, this.#cancel);
    this.#watches.set(id, watch);
    this.#unanswered.set(id, target.key);
    // `fragment`: without it a batch above the message limit kills the stream instead of being split.
    this.#on(transport).write({ create_request: { ...target, watch_id: id, fragment: true } });
    return watch;
  }

  close(): void {
    this.#watches.clear();
    this.#unanswered.clear();
    this.#stream?.watchdog[Symbol.dispose]();
    this.#stream?.stream.end();
    this.#stream = undefined;
  }

  #on(transport: EtcdTransport): Stream<WatchRequest> {
    if (this.#stream?.transport === transport) return this.#stream.stream;
    const stream = transport.watch({
      message: (response) => {
        this.#onMessage(transport, response);
      },
      ended: (error) => {
        if (this.#stream?.transport !== transport) return;
        this.#session.report(transport, error);
        this.#fail(error);
      },
    });
    const { intervalMs, timeoutMs } = this.#session.timings.watchdog;
    const watchdog = new StreamWatchdog({
      clock: this.#clock,
      intervalMs,
      timeoutMs,
      ask: () => {
        this.#askForSign(stream);
      },
      silent: () => {
        const error = new EtcdError('TIMEOUT', 'connection', `etcd ${transport.endpoint}: the watch stream has been silent for ${intervalMs + timeoutMs} ms`);
        this.#session.report(transport, error);
        this.#fail(error);
      },
    });
    this.#stream = { transport, stream, watchdog };
    return stream;
  }

  #onMessage(transport: EtcdTransport, response: WatchResponse): void {
    this.#stream?.watchdog.heard();
    this.#session.observe(transport, response.header);
    if (response.created) {
      // A refused watch is answered without its id by etcd 3.5, so the order decides.
      const id = response.watch_id === '-1' ? (this.#unanswered.keys().next().value ?? '') : response.watch_id;
      const key = this.#unanswered.get(id);
      this.#unanswered.delete(id);
      const watch = this.#watches.get(id);
      if (watch === undefined) return;
      if (!response.canceled) this.#watchable = key ?? this.#watchable;
      if (response.canceled) this.#end(watch, watchCancelledError(response.cancel_reason, response.compact_revision, transport.endpoint));
      else this.#call(() => watch.handlers.created());
      return;
    }
    const watch = this.#watches.get(response.watch_id);
    if (watch === undefined) return;
    if (response.canceled) {
      this.#end(watch, watchCancelledError(response.cancel_reason, response.compact_revision, transport.endpoint));
      return;
    }
    if (response.events.length === 0) return;
    const events = watch.fragments.length === 0 ? response.events : [...watch.fragments, ...response.events];
    if (response.fragment) {
      watch.fragments = events;
      return;
    }
    watch.fragments = noEvents;
    // Not the header's revision: in a backlog that one is the store's, far ahead of what was delivered.
    const revision = events.at(-1)?.kv.mod_revision ?? response.header.revision;
    try {
      watch.handlers.events(events, revision);
    } catch (error) {
      // Events that were not taken in must not go unnoticed: the watch ends, and its owner starts afresh from a list.
      this.#logger.error({ err: error }, 'a batch of watch events could not be taken in');
      this.#cancel(watch.id);
      this.#call(() => watch.handlers.ended(toRollcallError(error)));
    }
  }

  /**
   * Asks for something that etcd answers at once: a watch that is taken back in the same breath. Not a progress request: those
   * stay unanswered while a watch of the stream catches up (etcd#15220), on some versions for good (etcd#17507), and on
   * current ones as long as a watch starts at a revision that the store has not reached, as all of ours do.
   */
  #askForSign(stream: Stream<WatchRequest>): void {
    const key = this.#watchable ?? this.#unanswered.values().next().value;
    if (key === undefined) return;
    const id = String(++this.#lastId);
    // Not among the watches: whatever the answer says, it is a sign of life and nothing else.
    this.#unanswered.set(id, key);
    // Who may watch a range may watch one key of it.
    stream.write({ create_request: { key, start_revision: '0', watch_id: id } });
    stream.write({ cancel_request: { watch_id: id } });
  }

  readonly #cancel = (id: string): void => {
    if (!this.#watches.delete(id)) return;
    if (this.#watches.size === 0) this.close();
    else this.#stream?.stream.write({ cancel_request: { watch_id: id } });
  };

  #end(watch: OpenWatch, reason: RollcallError): void {
    // The stream carries the token that it was opened with: no further watch would be let in on it.
    if (reason instanceof EtcdError && reason.kind === 'token') {
      this.#fail(reason);
      return;
    }
    this.#watches.delete(watch.id);
    // A stream without watches has nothing to say, and would be taken for a silent one.
    if (this.#watches.size === 0) this.close();
    this.#call(() => watch.handlers.ended(reason));
  }

  #fail(reason: RollcallError): void {
    const watches = [...this.#watches.values()];
    this.close();
    for (const watch of watches) this.#call(() => watch.handlers.ended(reason));
  }

  #call(callback: () => void): void {
    callSafely(this.#logger, 'the etcd watch stream', callback);
  }
}

