import type { ConnectionMonitor } from './connection-monitor.js';
import { publish } from './diagnostics.js';
import type { Discovery } from './ports.js';
import { type MonitorDeps, unbroken } from './registry-monitor.js';
import type { FeedObserver, ServiceFeed } from './service-feed.js';
import type { DiscoveryStatus } from './status.js';
import { StatusTracker } from './status-tracker.js';

/** The services that are watched now. */
export interface WatchedFeeds {
  has(feed: ServiceFeed): boolean;
  all(): Iterable<ServiceFeed>;
}

/** The status of a discovery: its connection's, and whether any watched service has not caught up. */
export class DiscoveryMonitor implements FeedObserver {
  readonly #connection: ConnectionMonitor;
  readonly #tracker: StatusTracker<DiscoveryStatus>;
  readonly #listening: Disposable;
  readonly #feeds: WatchedFeeds;
  readonly #troubled = new Set<ServiceFeed>();
  #resyncs = 0;

  constructor(discovery: Discovery, feeds: WatchedFeeds, deps: MonitorDeps) {
    this.#feeds = feeds;
    this.#connection = deps.connection ?? unbroken(deps);
    this.#tracker = new StatusTracker<DiscoveryStatus>(
      'the discovery',
      {
        state: () => {
          if (this.#connection.state === 'connecting') return 'connecting';
          return this.#connection.state === 'lost' || this.#troubled.size > 0 ? 'stale' : 'live';
        },
        member: () => this.#connection.member,
        describe: () => {
          const { reconnects, historyChanges } = this.#connection.counters;
          return {
            ...this.#connection.details,
            services: this.#services(),
            counters: Object.freeze({ reconnects, resyncs: this.#resyncs, historyChanges }),
          };
        },
        publish: (status) => {
          publish('rollcall:discovery', () => ({ discovery, status }));
        },
      },
      deps,
    );
    this.#listening = this.#connection.subscribe(() => {
      this.#tracker.refresh();
    });
  }

  get status(): DiscoveryStatus {
    return this.#tracker.status;
  }

  subscribe(listener: (status: DiscoveryStatus) => void): Disposable {
    return this.#tracker.subscribe(listener);
  }

  ended(feed: ServiceFeed): void {
    if (this.#troubled.delete(feed)) this.#tracker.refresh();
  }

  troubled(feed: ServiceFeed): void {
    if (!this.#feeds.has(feed)) return;
    this.#troubled.add(feed);
    if (feed.trouble !== undefined) this.#connection.trouble(feed.trouble);
    this.#tracker.refresh();
  }

  recovered(feed: ServiceFeed): void {
    if (this.#troubled.delete(feed)) this.#tracker.refresh();
  }

  resynced(): void {
    this.#resyncs++;
  }

  close(): void {
    this.#listening[Symbol.dispose]();
    this.#tracker.close();
  }

  #services(): DiscoveryStatus['services'] {
    const count = { live: 0, stale: 0, starting: 0 };
    for (const feed of this.#feeds.all()) count[feed.current?.status ?? 'starting']++;
    return Object.freeze(count);
  }
}
