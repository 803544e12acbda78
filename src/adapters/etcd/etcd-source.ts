import type { FeedSink } from '../../core/service-feed.js';
import type { Listing, SnapshotSource } from '../../core/shared-discovery.js';
import { listService, listServices } from './listing.js';
import { type FollowerDeps, ServiceFollower } from './service-follower.js';

/** The read side of etcd; `SharedDiscovery` makes the port of it. */
export class EtcdSource implements SnapshotSource {
  readonly #deps: FollowerDeps;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  list(service: string, signal: AbortSignal): Promise<Listing> {
    return this.#deps.session.repeatable(`reading ${service}`, signal, async (transport, options) => {
      const { session } = this.#deps;
      const before = session.revision;
      const listing = await listService(transport, this.#deps.codec, service, options);
      session.observe(transport, listing.header, before);
      return listing;
    });
  }

  follow(service: string, sink: FeedSink): Disposable {
    return new ServiceFollower(service, sink, this.#deps);
  }

  services(signal: AbortSignal): Promise<Iterable<string>> {
    return this.#deps.session.repeatable('reading the list of services', signal, (transport, options) => listServices(transport, this.#deps.codec, options));
  }

  close(): Promise<void> {
    // Followers are stopped by those who started them; the session is closed by whoever opened it.
    return Promise.resolve();
  }
}
