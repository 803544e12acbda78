import type { Clock } from '../../../src/core/clock.js';
import { systemClock } from '../../../src/core/clock.js';
import type { RollcallError } from '../../../src/core/errors.js';
import { createInstance, type InstanceInit, type ServiceInstance } from '../../../src/core/instance.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { FeedSink } from '../../../src/core/service-feed.js';
import { type Listing, SharedDiscovery, type SnapshotSource } from '../../../src/core/shared-discovery.js';

/** A backend that is a variable: the test says what is registered, and when the backend is in trouble. */
export class FakeBackend implements SnapshotSource {
  readonly #instances = new Map<string, readonly ServiceInstance[]>();
  readonly #sinks = new Map<FeedSink, string>();
  #revision = 0;
  /** While false nothing is ever said about a service, as by a backend that does not answer. */
  answers = true;

  /** How many services are being followed. */
  get followed(): number {
    return this.#sinks.size;
  }

  get revision(): string {
    return String(this.#revision);
  }

  set(service: string, ...instances: readonly Omit<InstanceInit, 'service'>[]): void {
    this.#revision++;
    this.#instances.set(service, instances.map((init) => createInstance({ service, ...init })));
    for (const [sink, followed] of this.#sinks) if (followed === service) this.#tell(sink, service);
  }

  trouble(reason: RollcallError): void {
    for (const sink of this.#sinks.keys()) sink.stale(reason);
  }

  follow(service: string, sink: FeedSink): Disposable {
    this.#sinks.set(sink, service);
    queueMicrotask(() => {
      if (this.answers && this.#sinks.has(sink)) this.#tell(sink, service);
    });
    return {
      [Symbol.dispose]: () => {
        this.#sinks.delete(sink);
      },
    };
  }

  list(service: string): Promise<Listing> {
    return Promise.resolve({ records: this.#records(service), revision: this.revision });
  }

  services(): Promise<Iterable<string>> {
    return Promise.resolve(this.#instances.keys());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #tell(sink: FeedSink, service: string): void {
    sink.replace(this.#records(service), this.revision);
  }

  #records(service: string): { key: string; instance: ServiceInstance }[] {
    return (this.#instances.get(service) ?? []).map((instance) => ({ key: instance.id, instance }));
  }
}

export function fakeDiscovery(clock: Clock = systemClock): { backend: FakeBackend; discovery: SharedDiscovery } {
  const backend = new FakeBackend();
  return { backend, discovery: new SharedDiscovery(backend, { clock, logger: silentLogger }) };
}
