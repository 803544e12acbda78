import { setTimeout as wait } from 'node:timers/promises';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import { type Backend, type Registration, type RegistrationState, RollcallError, type ServiceInstance, type Snapshot, type Watch } from '../../src/core/index.js';
import type { Answer, Command, Happening, PlainSnapshot, StartOptions } from './messages.js';

/** A connection of the library, doing as it is told and telling everything that it sees. */
export class SoakClient {
  readonly #backend: Backend;
  readonly #tell: (happening: Happening) => void;
  readonly #registrations = new Map<string, Registration>();
  readonly #watches = new Map<string, Watch>();
  readonly #reading = new Set<Promise<void>>();

  private constructor(backend: Backend, tell: (happening: Happening) => void) {
    this.#backend = backend;
    this.#tell = tell;
  }

  static async connect({ endpoints, prefix, ttl, requestTimeout }: StartOptions, tell: (happening: Happening) => void, signal?: AbortSignal): Promise<SoakClient> {
    return new SoakClient(await connectEtcd({ endpoints, prefix, ttl, requestTimeout, waitForReady: true }, { signal }), tell);
  }

  async run(command: Command): Promise<Answer> {
    try {
      return { ok: true, ...(await this.#run(command)) };
    } catch (error) {
      // Whatever leaves the library is one of its own errors.
      if (!(error instanceof RollcallError)) this.#tell({ event: 'broken', what: `${command.do} failed with ${String(error)}, which is no RollcallError` });
      return { ok: false, code: error instanceof RollcallError ? error.code : 'UNKNOWN', message: String(error) };
    }
  }

  async #run(command: Command): Promise<Omit<Extract<Answer, { ok: true }>, 'ok'>> {
    switch (command.do) {
      case 'register': {
        const { registration: name, service, id, weight } = command;
        const registration = await this.#backend.registry.register({ service, id, address: '10.0.0.1:8000', weight, metadata: { registration: name } });
        this.#registrations.set(name, registration);
        registration.subscribe((state) => this.#entered(name, state));
        this.#entered(name, registration.state);
        return {};
      }
      case 'update':
        await this.#registrations.get(command.registration)?.update({ weight: command.weight });
        return {};
      case 'deregister':
        await this.#registrations.get(command.registration)?.deregister();
        return {};
      case 'get':
        return { snapshot: toPlain(await this.#backend.discovery.get(command.service)) };
      case 'watch':
        this.#watch(command.watcher, command.service, command.pauseMs);
        return {};
      case 'unwatch':
        this.#watches.get(command.watcher)?.close();
        this.#watches.delete(command.watcher);
        return {};
      case 'report':
        return {
          report: {
            states: Object.fromEntries([...this.#registrations].map(([name, { state }]) => [name, state])),
            registry: this.#backend.registry.status,
            discovery: this.#backend.discovery.status,
          },
        };
      case 'close':
        await this.#backend.close();
        await Promise.all(this.#reading);
        return {};
    }
  }

  #entered(name: string, state: RegistrationState): void {
    if (state === 'superseded' || state === 'closed') this.#registrations.delete(name);
    this.#tell({ event: 'state', registration: name, state });
  }

  #watch(name: string, service: string, pauseMs: number): void {
    this.#watches.get(name)?.close();
    const watch = this.#backend.discovery.watch(service);
    this.#watches.set(name, watch);
    const reader = new Identity((what) => this.#tell({ event: 'broken', what: `${name}: ${what}` }));
    const take = (snapshot: Snapshot): void => {
      // A watch that was closed is read no more; one that still delivered would be found by its name.
      if (this.#watches.get(name) !== watch) this.#tell({ event: 'broken', what: `${name} delivered a snapshot after it was closed` });
      reader.take(snapshot);
      this.#tell({ event: 'snapshot', watcher: name, snapshot: toPlain(snapshot) });
    };
    if (pauseMs === 0) watch.subscribe(take);
    else this.#keep(readSlowly(watch, pauseMs, take));
  }

  #keep(reading: Promise<void>): void {
    this.#reading.add(reading);
    void reading.finally(() => this.#reading.delete(reading));
  }
}

async function readSlowly(watch: Watch, pauseMs: number, take: (snapshot: Snapshot) => void): Promise<void> {
  for await (const snapshot of watch) {
    take(snapshot);
    await wait(pauseMs);
  }
}

/** Law 2: snapshots are frozen, and what did not change is the very object that it was. */
class Identity {
  readonly #broken: (what: string) => void;
  #seen = new Map<string, ServiceInstance>();

  constructor(broken: (what: string) => void) {
    this.#broken = broken;
  }

  take(snapshot: Snapshot): void {
    if (!Object.isFrozen(snapshot) || !Object.isFrozen(snapshot.instances)) this.#broken(`the snapshot at ${snapshot.revision} is not frozen`);
    const changed = new Set(snapshot.changed.map(({ id }) => id));
    for (const instance of snapshot.instances) {
      const known = this.#seen.get(instance.id);
      if (known !== undefined && known !== instance && !changed.has(instance.id)) this.#broken(`${instance.id} did not change at ${snapshot.revision} and is another object`);
    }
    this.#seen = new Map(snapshot.instances.map((instance) => [instance.id, instance]));
  }
}

function toPlain({ service, revision, status, instances, added, removed, changed, skipped }: Snapshot): PlainSnapshot {
  return { service, revision, status, instances, added, removed, changed, skipped: skipped.map(({ key }) => key) };
}
