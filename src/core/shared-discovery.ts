import { abortable, lifetimeController, linkSignals, throwIfAborted } from './cancellation.js';
import type { Clock } from './clock.js';
import type { ConnectionMonitor } from './connection-monitor.js';
import { DiscoveryMonitor } from './discovery-monitor.js';
import { closedError } from './errors.js';
import { FeedWatch } from './feed-watch.js';
import type { Logger } from './logger.js';
import type { Cancellable, Discovery, Watch } from './ports.js';
import { type FeedSink, type RecordState, ServiceFeed } from './service-feed.js';
import { parseServiceName } from './service-name.js';
import type { Snapshot } from './snapshot.js';
import type { DiscoveryStatus } from './status.js';

/** A complete read of one service at one revision. */
export interface Listing {
  readonly records: Iterable<RecordState>;
  readonly revision: string;
}

/** What an adapter supplies to be read; `SharedDiscovery` makes the whole read port of it. */
export interface SnapshotSource {
  /** Reads the service from the backend now. Retries trouble within its own time limit, then rejects. */
  list(service: string, signal: AbortSignal): Promise<Listing>;
  /**
   * Follows the service until disposed: reports the complete state, then each change; reports trouble as `stale` and
   * never gives up. Never calls the sink from within `follow` itself.
   */
  follow(service: string, sink: FeedSink): Disposable;
  /** Names of all services with at least one record, in any order. */
  services(signal: AbortSignal): Promise<Iterable<string>>;
  /** Frees what `list`, `follow` and `services` hold. Called once. */
  close(): Promise<void>;
}

export interface DiscoveryDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the adapter knows of its line to the backend. Default: as if it were always there. */
  readonly connection?: ConnectionMonitor | undefined;
}

interface SharedFeed {
  readonly feed: ServiceFeed;
  readonly follower: Disposable;
  readers: number;
}

/** The read port over any `SnapshotSource`: validation, shared watches (law 11), cancellation (law 10), closing (law 9). */
export class SharedDiscovery implements Discovery {
  readonly #source: SnapshotSource;
  readonly #deps: DiscoveryDeps;
  readonly #monitor: DiscoveryMonitor;
  readonly #feeds = new Map<string, SharedFeed>();
  /** Those with a reader; the others hold nothing. */
  readonly #watches = new Set<FeedWatch>();
  readonly #closing = lifetimeController();
  #closed: Promise<void> | undefined;

  constructor(source: SnapshotSource, deps: DiscoveryDeps) {
    this.#source = source;
    this.#deps = deps;
    this.#monitor = new DiscoveryMonitor(
      this,
      {
        has: (feed) => this.#feeds.get(feed.service)?.feed === feed,
        all: () => [...this.#feeds.values()].map(({ feed }) => feed),
      },
      deps,
    );
  }

  get status(): DiscoveryStatus {
    return this.#monitor.status;
  }

  subscribe(listener: (status: DiscoveryStatus) => void): Disposable {
    return this.#monitor.subscribe(listener);
  }

  async get(service: string, options: Cancellable = {}): Promise<Snapshot> {
    const name = parseServiceName(service);
    const listing = await this.#run(`get of ${name}`, options.signal, (signal) => this.#source.list(name, signal));
    const feed = new ServiceFeed(name, this.#deps);
    feed.replace(listing.records, listing.revision);
    return feed.current as Snapshot;
  }

  watch(service: string, options: Cancellable = {}): Watch {
    this.#throwIfClosed();
    const name = parseServiceName(service);
    throwIfAborted(options.signal, `the watch of ${name}`);
    return new FeedWatch({
      service: name,
      logger: this.#deps.logger,
      signal: options.signal,
      acquire: this.#acquire,
      release: this.#release,
    });
  }

  async services(options: Cancellable = {}): Promise<readonly string[]> {
    const names = await this.#run('the list of services', options.signal, (signal) => this.#source.services(signal));
    return Object.freeze([...new Set(names)].sort());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#monitor.close();
    this.#closing.abort(closedError('the discovery'));
    for (const watch of [...this.#watches]) watch.close();
    await this.#source.close();
  }

  async #run<T>(what: string, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#throwIfClosed();
    throwIfAborted(outer, what);
    const linked = linkSignals(outer, this.#closing.signal);
    try {
      return await abortable(work(linked.signal), linked.signal, what);
    } finally {
      linked[Symbol.dispose]();
    }
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw closedError('the discovery');
  }

  /** Functions of the discovery and not of each watch, of which there may be thousands. */
  readonly #acquire = (watch: FeedWatch): ServiceFeed => {
    this.#throwIfClosed();
    const { service } = watch;
    this.#watches.add(watch);
    let shared = this.#feeds.get(service);
    if (shared === undefined) {
      const feed = new ServiceFeed(service, { ...this.#deps, observer: this.#monitor });
      shared = { feed, follower: this.#source.follow(service, feed), readers: 0 };
      this.#feeds.set(service, shared);
    }
    shared.readers++;
    return shared.feed;
  };

  readonly #release = (watch: FeedWatch): void => {
    const { service } = watch;
    this.#watches.delete(watch);
    const shared = this.#feeds.get(service);
    if (shared === undefined || --shared.readers > 0) return;
    this.#feeds.delete(service);
    shared.follower[Symbol.dispose]();
    this.#monitor.ended(shared.feed);
  };
}
