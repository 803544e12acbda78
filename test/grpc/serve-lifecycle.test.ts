import { type Server, ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import { connectMemory, ManualClock, type MemoryBackend, MemoryServer } from '../../src/adapters/memory/index.js';
import { RollcallError } from '../../src/core/errors.js';
import type { Registration, Registry } from '../../src/core/ports.js';
import { serve, type ServeOptions, type ServingHandle, type ServingStatus } from '../../src/grpc/serve.js';
import { serviceConfigKey } from '../../src/grpc/service-config/publish.js';
import { expectRejection } from '../support/expect-rejection.js';
import { call, failure, simpleClient, simpleServer } from './support/simple-service.js';

describe('the life of a served server', () => {
  const undo: (() => unknown)[] = [];
  let clock: ManualClock;
  let memory: MemoryServer;
  let backend: MemoryBackend;

  async function start(options: Partial<ServeOptions> = {}, server: Server = simpleServer('a')): Promise<ServingHandle> {
    undo.push(() => server.forceShutdown());
    const serving = serve(server, { registry: backend.registry, service: 'svc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), clock, propagationDelay: 0, ...options });
    return passing(serving);
  }

  /** Lets time pass until it has settled. */
  async function passing<T>(work: Promise<T>): Promise<T> {
    const settled = new AbortController();
    const done = (): void => {
      settled.abort();
    };
    work.then(done, done);
    while (!settled.signal.aborted) await clock.advance(10);
    return work;
  }

  /** What clients read: id and weight of each. */
  async function roll(): Promise<readonly number[]> {
    const reader = connectMemory({ server: memory });
    const { instances } = await reader.discovery.get('svc');
    await reader.close();
    return instances.map(({ weight }) => weight);
  }

  /** The registry of a layout that carries no weight. */
  function plain(registry: Registry): Registry {
    const refuse = (weight: number | undefined): void => {
      if (weight !== undefined && weight !== 100) throw new RollcallError('INVALID_INSTANCE', 'this layout carries no weight');
    };
    return {
      register: async (init: Parameters<Registry['register']>[0], options: Parameters<Registry['register']>[1]) => {
        refuse(init.weight);
        const registration = await registry.register(init, options);
        const update = registration.update.bind(registration);
        registration.update = async (change, given) => {
          refuse(change.weight);
          await update(change, given);
        };
        return registration;
      },
    } as Registry;
  }

  beforeEach(() => {
    clock = new ManualClock();
    memory = new MemoryServer({ clock });
    backend = connectMemory({ server: memory, ttl: 3, requestTimeout: 2 });
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    backend.restore();
    await passing(backend.close());
    sinon.restore();
  });

  it('is serving and ready once registered, and stopped in the end', async () => {
    const serving = await start();
    const seen: string[] = [];
    serving.subscribe(({ state, registration, ready }: ServingStatus) => seen.push(`${state} ${registration} ${ready}`));
    expect([serving.state, serving.ready]).to.deep.equal(['serving', true]);
    await serving.pause();
    await serving.resume();
    await passing(serving.stop());
    expect(seen).to.deep.equal(['paused active false', 'serving active true', 'draining active false', 'draining closed false', 'stopped closed false']);
    expect([serving.state, serving.ready]).to.deep.equal(['stopped', false]);
  });

  it('refuses an option that it does not know, and one that makes no sense, before anything listens', async () => {
    const server = simpleServer('a');
    const bind = sinon.spy(server, 'bindAsync');
    await expectRejection(start({ wieght: 3 } as Partial<ServeOptions>, server), 'UNKNOWN_OPTION', /"wieght" of serve; did you mean "weight"\?/);
    await expectRejection(start({ weight: -1 }, server), 'INVALID_INSTANCE', /weight -1/);
    await expectRejection(start({ service: '' }, server), 'INVALID_SERVICE');
    await expectRejection(start({ health: {} as never }, server), 'INVALID_CONFIG', /"health" of serve/);
    await expectRejection(start({ serviceConfig: { methodConfig: 3 } as never }, server), 'INVALID_CONFIG');
    expect(bind.called).to.equal(false);
  });

  describe('pause and resume', () => {
    it('publish weight 0 and the former weight; what still comes is served', async () => {
      const serving = await start({ weight: 7 });
      const { registration } = serving;
      await serving.pause();
      await serving.pause();
      expect([serving.state, serving.ready, await roll()]).to.deep.equal(['paused', false, [0]]);
      const client = simpleClient(serving.address);
      undo.push(() => client.close());
      expect(await call(client)).to.equal('a');
      await serving.resume();
      await serving.resume();
      expect([serving.state, serving.ready, await roll()]).to.deep.equal(['serving', true, [7]]);
      expect(serving.registration).to.equal(registration);
    });

    it('take the record away and register again where the layout carries no weight', async () => {
      const serving = await start({ registry: plain(backend.registry) });
      const before = serving.registration;
      const seen: string[] = [];
      serving.subscribe(({ state, registration }) => seen.push(`${state} ${registration}`));
      await serving.pause();
      expect([await roll(), before.state, serving.state]).to.deep.equal([[], 'closed', 'paused']);
      await serving.resume();
      expect([await roll(), serving.registration.state, serving.ready]).to.deep.equal([[100], 'active', true]);
      expect(serving.registration).to.not.equal(before);
      expect(seen).to.deep.equal(['paused active', 'paused closed', 'serving closed', 'serving active']);
      await passing(serving.stop());
      expect(await roll()).to.deep.equal([]);
    });

    for (const layout of ['with weights', 'without'] as const) {
      it(`called together, the last wish wins: a layout ${layout}`, async () => {
        const registry = layout === 'without' ? plain(backend.registry) : backend.registry;
        const serving = await start({ registry });
        await Promise.all([serving.pause(), serving.resume(), serving.pause()]);
        expect([serving.state, await roll()]).to.deep.equal(['paused', layout === 'without' ? [] : [0]]);
        await Promise.all([serving.resume(), serving.pause(), serving.resume()]);
        expect([serving.state, await roll()]).to.deep.equal(['serving', [100]]);
      });
    }

    it('remember a weight given meanwhile, and publish the rest at once', async () => {
      const serving = await start();
      await serving.pause();
      await serving.update({ weight: 9, version: '2' });
      expect(await roll()).to.deep.equal([0]);
      expect(serving.registration.instance.version).to.equal('2');
      await serving.resume();
      expect(await roll()).to.deep.equal([9]);
    });

    it('leave alone what the owner changed by the registration itself', async () => {
      const serving = await start();
      await serving.registration.update({ weight: 8, metadata: { a: 'b' } });
      await serving.pause();
      await serving.resume();
      expect(await roll()).to.deep.equal([8]);
      expect(serving.registration.instance.metadata).to.deep.equal({ a: 'b' });
    });

    it('stay wished while the backend is away, and come true when it is back', async () => {
      const serving = await start();
      backend.interrupt();
      await expectRejection(passing(serving.pause()), 'UNAVAILABLE');
      expect(serving.state).to.equal('paused');
      backend.restore();
      while ((await roll())[0] !== 0) await clock.advance(100);
      await serving.resume();
      expect(await roll()).to.deep.equal([100]);
    });

    it('keep the weight of an update that was not answered', async () => {
      const serving = await start();
      backend.interrupt();
      await expectRejection(passing(serving.update({ weight: 5 })), 'UNAVAILABLE');
      await expectRejection(passing(serving.pause()), 'UNAVAILABLE');
      backend.restore();
      await passing(serving.resume());
      expect(await roll()).to.deep.equal([5]);
    });

    it('stay paused if the record cannot be registered again', async () => {
      const serving = await start({ registry: plain(backend.registry) });
      await serving.pause();
      backend.interrupt();
      await expectRejection(passing(serving.resume()), 'UNAVAILABLE');
      expect(serving.state).to.equal('paused');
      backend.restore();
      await passing(serving.resume());
      expect([serving.state, await roll()]).to.deep.equal(['serving', [100]]);
    });

    it('are as before if the backend refuses', async () => {
      const serving = await start();
      const update = sinon.stub(serving.registration, 'update').rejects(new RollcallError('PERMISSION_DENIED', 'no'));
      await expectRejection(serving.pause(), 'PERMISSION_DENIED');
      expect([serving.state, serving.ready]).to.deep.equal(['serving', true]);
      update.restore();
      await serving.pause();
      expect(serving.state).to.equal('paused');
    });

    it('say CLOSED once it is being stopped, as update does', async () => {
      const serving = await start();
      const stopping = passing(serving.stop());
      for (const late of [() => serving.pause(), () => serving.resume(), () => serving.update({ weight: 1 })]) await expectRejection(late(), 'CLOSED');
      await stopping;
    });
  });

  describe('superseded by a newer owner of its record', () => {
    let serving: ServingHandle;
    let newer: Registration;

    beforeEach(async () => {
      serving = await start();
      const other = connectMemory({ server: memory, ttl: 3 });
      undo.push(() => passing(other.close()));
      newer = await other.registry.register({ service: 'svc', address: serving.address, weight: 3 });
      while (serving.registration.state !== 'superseded') await clock.advance(100);
    });

    it('serves what comes and is not ready', async () => {
      expect([serving.state, serving.ready]).to.deep.equal(['serving', false]);
      const client = simpleClient(serving.address);
      undo.push(() => client.close());
      expect(await call(client)).to.equal('a');
    });

    it('pauses for itself, cannot come back, and leaves the record of the newer one alone', async () => {
      await serving.pause();
      expect(serving.state).to.equal('paused');
      await expectRejection(serving.resume(), 'SUPERSEDED');
      await expectRejection(serving.update({ weight: 1 }), 'SUPERSEDED');
      await passing(serving.stop());
      expect([await roll(), newer.state]).to.deep.equal([[3], 'active']);
    });
  });

  it('is not ready while its registration recovers, and is again afterwards', async () => {
    const serving = await start();
    const seen: string[] = [];
    serving.subscribe(({ state, registration, ready }) => seen.push(`${state} ${registration} ${ready}`));
    backend.interrupt();
    while (seen.length < 1) await clock.advance(100);
    backend.restore();
    while (seen.length < 2) await clock.advance(100);
    expect(seen).to.deep.equal(['serving recovering false', 'serving active true']);
  });

  it('updates what is published, and keeps the service config', async () => {
    const serving = await start({ metadata: { a: '1' }, serviceConfig: { methodConfig: [{ name: [{}], timeout: '2s' }] } });
    const config = serving.registration.instance.metadata[serviceConfigKey];
    expect(JSON.parse(config ?? '')).to.deep.equal({ methodConfig: [{ name: [{}], timeout: '2s' }] });
    await serving.update({ weight: 4, metadata: { b: '2' }, zone: 'eu' });
    expect(serving.registration.instance).to.deep.include({ weight: 4, zone: 'eu', metadata: { b: '2', [serviceConfigKey]: config } });
    await expectRejection(serving.update({ weight: -4 }), 'INVALID_INSTANCE');
    expect(await roll()).to.deep.equal([4]);
  });

  describe('stop', () => {
    it('does not wait for a backend that is gone: three seconds, then it shuts down and says so', async () => {
      backend = connectMemory({ server: memory, ttl: 30, requestTimeout: 20 });
      const serving = await start();
      backend.interrupt();
      const startedAt = clock.monotonic();
      await expectRejection(passing(serving.stop()), 'TIMEOUT', /not removed yet/);
      expect(clock.monotonic() - startedAt).to.be.within(3000, 3100);
      expect(serving.state).to.equal('stopped');
      backend.restore();
      while ((await roll()).length > 0) await clock.advance(100);
    });

    it('at once cuts the calls under way, and still removes the record', async () => {
      const calls: string[] = [];
      const serving = await start({ propagationDelay: 100, grace: 100 }, simpleServer('a', { hold: new Promise(() => undefined), calls }));
      const client = simpleClient(serving.address);
      undo.push(() => client.close());
      const underWay = failure(client);
      while (calls.length === 0) await clock.advance(0);
      const startedAt = clock.monotonic();
      const first = serving.stop();
      const second = serving.stop({ now: true });
      await passing(Promise.all([first, second]));
      expect(clock.monotonic() - startedAt).to.be.below(500);
      expect((await underWay).code).to.be.oneOf([status.UNAVAILABLE, status.CANCELLED]);
      expect(await roll()).to.deep.equal([]);
      await expectRejection(serving.stop({ nwo: true } as never), 'UNKNOWN_OPTION');
    });

    it('takes back the record of a server that is paused, and ends a pause that the backend does not answer', async () => {
      const serving = await start();
      await serving.pause();
      await passing(serving.stop());
      expect(await roll()).to.deep.equal([]);
      const other = await start();
      backend.interrupt();
      const pausing = other.pause().catch((error: unknown) => error);
      await clock.advance(10);
      const stopping = passing(other.stop()).catch((error: unknown) => error);
      expect(await pausing).to.include({ code: 'CLOSED' });
      await stopping;
      expect(other.state).to.equal('stopped');
    });

    it('takes a record away again that a resume wrote in the moment of the stop', async () => {
      let stopping: Promise<void> | undefined;
      let resumed = (): void => undefined;
      const registry = plain(backend.registry);
      const racing = {
        register: async (...args: Parameters<Registry['register']>) => {
          const registration = await registry.register(...args);
          // After it is stored, and before whoever asked goes on.
          resumed();
          return registration;
        },
      } as Registry;
      const serving = await start({ registry: racing });
      await serving.pause();
      resumed = () => {
        stopping = serving.stop();
      };
      const resuming = serving.resume().catch((error: unknown) => error);
      await passing(resuming);
      await passing(stopping!);
      expect(await resuming).to.include({ code: 'CLOSED' });
      expect(await roll()).to.deep.equal([]);
    });

    it('forgets an update that the layout turns out not to carry, so that the next resume succeeds', async () => {
      const serving = await start({ registry: plain(backend.registry) });
      await serving.pause();
      await serving.update({ weight: 50 });
      expect(await serving.resume().catch((error: unknown) => error)).to.include({ code: 'INVALID_INSTANCE' });
      expect(serving.state).to.equal('paused');
      await serving.resume();
      expect([serving.state, await roll()]).to.deep.equal(['serving', [100]]);
      await passing(serving.stop());
    });

    it('gives up a resume that waits for the backend', async () => {
      const serving = await start({ registry: plain(backend.registry) });
      await serving.pause();
      backend.interrupt();
      const resuming = serving.resume().catch((error: unknown) => error);
      await clock.advance(10);
      const stopping = passing(serving.stop());
      expect(await resuming).to.include({ code: 'CLOSED' });
      await stopping;
      backend.restore();
      await clock.advance(10_000);
      expect(await roll()).to.deep.equal([]);
    });
  });
});

