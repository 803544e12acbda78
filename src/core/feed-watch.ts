import { abortedError, throwIfAborted } from './cancellation.js';
import { deferred, type Deferred } from './deferred.js';
import { closedError, type RollcallError, toRollcallError } from './errors.js';
import { callSafely } from './listeners.js';
import type { Logger } from './logger.js';
import type { Watch } from './ports.js';
import type { ServiceFeed } from './service-feed.js';
import { SmallSet } from './small-set.js';
import { rebaseSnapshot, type Snapshot } from './snapshot.js';

/** One reader of a watch: what it saw last, and how to tell it that there is something new. */
interface Reader {
  seen: Snapshot | undefined;
  wake(): void;
  end(error: RollcallError | undefined): void;
}

/** A reader that is called with each snapshot. */
class Subscription implements Reader, Disposable {
  seen: Snapshot | undefined;
  readonly #watch: FeedWatch;
  readonly #listener: (snapshot: Snapshot) => void;

  constructor(watch: FeedWatch, listener: (snapshot: Snapshot) => void) {
    this.#watch = watch;
    this.#listener = listener;
  }

  wake(): void {
    const snapshot = this.#watch.take(this);
    if (snapshot !== undefined) this.#watch.deliver(snapshot, this.#listener);
  }

  end(): void {
    // A subscriber is told of snapshots and of nothing else.
  }

  [Symbol.dispose](): void {
    this.#watch.remove(this);
  }
}

export interface FeedWatchOptions {
  readonly service: string;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Takes part in the shared backend watch of the service until `release`. Throws CLOSED after the discovery closed. */
  readonly acquire: (watch: FeedWatch) => ServiceFeed;
  readonly release: (watch: FeedWatch) => void;
}

/**
 * A user's handle on a `ServiceFeed`. States: `unread` (no reader, no part in the backend watch) ⇄ `read` → `closed`.
 * Readers pull: one that is slow finds the newest snapshot, with the diff to what it saw last (law 3).
 */
export class FeedWatch implements Watch {
  readonly service: string;
  readonly #logger: Logger;
  readonly #signal: AbortSignal | undefined;
  readonly #acquire: FeedWatchOptions['acquire'];
  readonly #release: FeedWatchOptions['release'];
  readonly #readers = new SmallSet<Reader>();
  #feed: ServiceFeed | undefined;
  #feedListener: Disposable | undefined;
  #onAbort: (() => void) | undefined;
  #state: 'unread' | 'read' | 'closed' = 'unread';
  #endedBy: RollcallError | undefined;

  constructor({ service, logger, signal, acquire, release }: FeedWatchOptions) {
    this.service = service;
    this.#logger = logger;
    this.#signal = signal;
    this.#acquire = acquire;
    this.#release = release;
  }

  get current(): Snapshot | undefined {
    return this.#feed?.current;
  }

  get trouble(): RollcallError | undefined {
    return this.#feed?.trouble;
  }

  subscribe(listener: (snapshot: Snapshot) => void): Disposable {
    const reader = new Subscription(this, listener);
    this.#add(reader);
    queueMicrotask(() => {
      if (this.#readers.has(reader)) reader.wake();
    });
    return reader;
  }

  [Symbol.asyncIterator](): AsyncIterator<Snapshot, undefined> {
    let waiting: Deferred<IteratorResult<Snapshot, undefined>> | undefined;
    let done = false;
    let ended: RollcallError | undefined;
    const settle = (result: IteratorResult<Snapshot, undefined>): void => {
      waiting?.resolve(result);
      waiting = undefined;
    };
    const reader: Reader = {
      seen: undefined,
      wake: () => {
        if (waiting === undefined) return;
        const snapshot = this.take(reader);
        if (snapshot !== undefined) settle({ done: false, value: snapshot });
      },
      end: (error) => {
        done = true;
        if (error === undefined) {
          settle({ done: true, value: undefined });
        } else if (waiting === undefined) {
          // Nobody waits just now: the next call gets it.
          ended = error;
        } else {
          waiting.reject(error);
          waiting = undefined;
        }
      },
    };
    try {
      this.#add(reader);
    } catch (error) {
      done = true;
      ended = toRollcallError(error);
    }
    return {
      next: () => {
        if (ended !== undefined) {
          const error = ended;
          ended = undefined;
          return Promise.reject(error);
        }
        if (done) return Promise.resolve({ done: true, value: undefined });
        // Calls of next() without awaiting each other share one answer: there is only one newest snapshot.
        waiting ??= deferred();
        const { promise } = waiting;
        reader.wake();
        return promise;
      },
      return: () => {
        done = true;
        this.remove(reader);
        settle({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  close(): void {
    this.end(undefined);
  }

  /** Ends every reader: normally, or with the error. */
  end(error: RollcallError | undefined): void {
    if (this.#state === 'closed') return;
    this.#endedBy = error;
    const readers = this.#readers.toArray();
    this.#readers.clear();
    this.#leave();
    this.#state = 'closed';
    for (const reader of readers) reader.end(error);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** For its readers: the newest snapshot if this one has not seen it. */
  take(reader: Reader): Snapshot | undefined {
    const newest = this.#feed?.current;
    if (newest === undefined || newest === reader.seen) return undefined;
    const snapshot = rebaseSnapshot(reader.seen, this.#feed?.predecessor, newest);
    reader.seen = newest;
    return snapshot;
  }

  /** For its readers: calls somebody else's listener. */
  deliver(snapshot: Snapshot, listener: (snapshot: Snapshot) => void): void {
    callSafely(this.#logger, `the watch of ${this.service}`, () => listener(snapshot));
  }

  /** For its readers: one that has read enough. */
  remove(reader: Reader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#leave();
  }

  #add(reader: Reader): void {
    if (this.#state === 'closed') throw this.#endedBy ?? closedError('the watch');
    throwIfAborted(this.#signal, `the watch of ${this.service}`);
    if (this.#state === 'unread') {
      this.#feed = this.#acquire(this);
      this.#enter(this.#feed);
    }
    this.#readers.add(reader);
  }

  #enter(feed: ServiceFeed): void {
    this.#state = 'read';
    const signal = this.#signal;
    if (signal !== undefined) {
      // Only while somebody reads: a long-lived signal must not keep dropped watches reachable.
      this.#onAbort = () => {
        this.end(abortedError(signal, `the watch of ${this.service}`));
      };
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
    // Bound, which takes half of what a closure does.
    this.#feedListener = feed.listen(this.#wake.bind(this));
  }

  #wake(): void {
    this.#readers.each((each) => {
      each.wake();
    });
  }

  #leave(): void {
    if (this.#state !== 'read') return;
    this.#state = 'unread';
    this.#feedListener?.[Symbol.dispose]();
    this.#feedListener = undefined;
    this.#feed = undefined;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
    this.#release(this);
  }
}
