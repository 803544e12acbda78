import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { ServiceInstance } from '../../src/core/instance.js';
import type { FeedSink } from '../../src/core/service-feed.js';
import { SharedDiscovery, type SnapshotSource } from '../../src/core/shared-discovery.js';

/** A discovery without a backend: told of changes as the etcd adapter tells of them, one event after the other. */
export class FedDiscovery {
  readonly discovery: SharedDiscovery;
  readonly #sinks = new Set<FeedSink>();
  #revision = 1;

  constructor(instances: readonly ServiceInstance[]) {
    const records = instances.map((instance) => ({ key: instance.id, instance }));
    const source: SnapshotSource = {
      follow: (_service, sink) => {
        this.#sinks.add(sink);
        queueMicrotask(() => sink.replace(records, String(this.#revision)));
        return { [Symbol.dispose]: () => this.#sinks.delete(sink) };
      },
      list: () => Promise.resolve({ records, revision: String(this.#revision) }),
      services: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
    this.discovery = new SharedDiscovery(source, { clock: systemClock, logger: silentLogger });
  }

  put(instance: ServiceInstance): void {
    this.#revision++;
    for (const sink of this.#sinks) sink.apply([{ key: instance.id, instance }], String(this.#revision));
  }
}
