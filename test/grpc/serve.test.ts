import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as dial, createServer, type Server as TcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

import { logVerbosity, type Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import { ManualClock } from '../../src/adapters/memory/manual-clock.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import type { Registration, Registry } from '../../src/core/ports.js';
import { serve, type ServeOptions, type ServingHandle } from '../../src/grpc/serve.js';
import { call, failure, simpleClient, simpleServer } from './support/simple-service.js';

/** Doubles of the write port. */
function doubles() {
  const deregister = sinon.stub<[], Promise<void>>().resolves();
  const registration = (init: InstanceInit): Registration =>
    ({ instance: createInstance(init), state: 'active', subscribe: () => ({ [Symbol.dispose]: () => undefined }), deregister }) as unknown as Registration;
  const register = sinon.stub<Parameters<Registry['register']>, Promise<Registration>>().callsFake((init: InstanceInit) => Promise.resolve(registration(init)));
  return { register, registration, deregister, registry: { register } as unknown as Registry };
}

describe('serve', () => {
  let double: ReturnType<typeof doubles>;
  const undo: (() => unknown)[] = [];

  async function start(server: Server, options: Partial<ServeOptions> = {}): Promise<ServingHandle> {
    undo.push(() => server.forceShutdown());
    return serve(server, {
      registry: double.registry,
      service: 'svc',
      bind: '127.0.0.1:0',
      credentials: ServerCredentials.createInsecure(),
      propagationDelay: 0,
      ...options,
    });
  }

  function client(address: string) {
    const made = simpleClient(address);
    undo.push(() => made.close());
    return made;
  }

  beforeEach(() => {
    double = doubles();
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    sinon.restore();
  });

  it('listens, and then registers what it was told, at the bound port', async () => {
    const options = { id: 'one', weight: 7, version: '1.2', zone: 'eu', metadata: { a: 'b' } };
    double.register.callsFake(async (init) => {
      expect(await reachable(init.address), 'is listening').to.equal(true);
      return double.registration(init);
    });
    const serving = await start(simpleServer('a'), { ...options, ttl: 9 });
    expect(serving.address).to.equal(`127.0.0.1:${serving.port}`);
    expect(double.register.firstCall.args[0]).to.deep.equal({ service: 'svc', address: serving.address, ...options });
    expect(double.register.firstCall.args[1]).to.include({ ttl: 9 });
    expect(await call(client(serving.address))).to.equal('a');
  });

  // A machine may have IPv6 turned off, as containers often do.
  const hasIPv6 = Object.values(networkInterfaces()).some((infos) => infos?.some(({ family }) => family === 'IPv6'));
  for (const bind of ['localhost:0', '0.0.0.0:0', ...(hasIPv6 ? ['[::]:0'] : [])]) {
    it(`serves on ${bind}`, async () => {
      const interfaces = (): Record<string, never> => ({});
      const options = bind.startsWith('localhost') ? {} : { advertise: '127.0.0.1' };
      const serving = await start(simpleServer('a'), { bind, interfaces, ...options });
      expect(serving.port).to.be.greaterThan(0);
      expect(await call(client(serving.address))).to.equal('a');
      await serving.stop();
      expect(await reachable(serving.address)).to.equal(false);
    });
  }

  it('serves on a unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-'));
    undo.push(() => rm(directory, { recursive: true }));
    const bind = `unix:${join(directory, 'x.sock')}`;
    const serving = await start(simpleServer('a'), { bind });
    expect([serving.address, serving.port]).to.deep.equal([bind, 0]);
    expect(await call(client(serving.address))).to.equal('a');
    await serving.stop();
  });

  describe('leaves nothing listening and nothing registered', () => {
    it('when there is no address to advertise', async () => {
      const server = simpleServer('a');
      const bindAsync = sinon.spy(server, 'bindAsync');
      const error = await rejection(start(server, { bind: '0.0.0.0:0', interfaces: () => ({}) }));
      expect(error.code).to.equal('NO_ADVERTISABLE_ADDRESS');
      expect(bindAsync.called).to.equal(false);
    });

    it('when the port is taken: BIND_FAILED names the address and has the cause', async () => {
      setLogVerbosity(logVerbosity.NONE);
      undo.push(() => setLogVerbosity(logVerbosity.ERROR));
      const { port } = await listenSomewhere(undo);
      const error = await rejection(start(simpleServer('a'), { bind: `127.0.0.1:${port}` }));
      expect(error.code).to.equal('BIND_FAILED');
      expect(error.message).to.match(new RegExp(`"127\\.0\\.0\\.1:${port}": .*EADDRINUSE`));
      expect(error.cause).to.be.instanceOf(Error);
      expect(double.register.called).to.equal(false);
    });

    it('when the server was shut down before', async () => {
      const server = simpleServer('a');
      server.forceShutdown();
      expect((await rejection(start(server))).code).to.equal('BIND_FAILED');
    });

    it('when registering fails', async () => {
      let address = '';
      double.register.callsFake((init) => {
        address = init.address;
        return Promise.reject(new RollcallError('UNAVAILABLE', 'no etcd'));
      });
      const error = await rejection(start(simpleServer('a')));
      expect(error.message).to.equal('no etcd');
      expect(await reachable(address)).to.equal(false);
    });

    it('when it is aborted before, and while registering', async () => {
      const early = AbortSignal.abort();
      expect((await rejection(start(simpleServer('a'), { signal: early }))).code).to.equal('ABORTED');
      expect(double.register.called).to.equal(false);
      const controller = new AbortController();
      let address = '';
      double.register.callsFake((init, options) => {
        address = init.address;
        controller.abort();
        return Promise.reject(new RollcallError('ABORTED', `aborted: ${String(options?.signal?.aborted)}`));
      });
      const error = await rejection(start(simpleServer('a'), { signal: controller.signal }));
      expect(error.message).to.equal('aborted: true');
      expect(await reachable(address)).to.equal(false);
    });

    for (const [option, value] of [
      ['grace', -1],
      ['propagationDelay', Number.NaN],
      ['bind', 'localhost'],
      ['advertise', '0.0.0.0'],
    ] as const) {
      it(`when ${option} is ${value}`, async () => {
        const error = await rejection(start(simpleServer('a'), { [option]: value }));
        expect(error.code).to.match(/^INVALID_/);
        expect(error.message).to.contain(option);
        expect(double.register.called).to.equal(false);
      });
    }
  });

  describe('and stop', () => {
    it('removes the record, serves on for the propagation delay, then shuts down', async () => {
      const clock = new ManualClock();
      const serving = await start(simpleServer('a'), { clock, propagationDelay: 0.3 });
      const removed = deferred();
      double.deregister.returns(removed.promise);
      const stopping = serving.stop();
      await clock.advance(2_999);
      expect(await call(client(serving.address)), 'while the record is there').to.equal('a');
      removed.resolve();
      await clock.advance(299);
      expect(await call(client(serving.address)), 'while clients hear of it').to.equal('a');
      await clock.advance(1);
      await stopping;
      expect(await reachable(serving.address)).to.equal(false);
      expect(clock.pending, 'timers left').to.equal(0);
    });

    it('lets a call under way finish', async () => {
      const hold = deferred();
      const calls: string[] = [];
      const serving = await start(simpleServer('a', { hold: hold.promise, calls }));
      const underWay = call(client(serving.address));
      await untilCalled(calls);
      const stopping = serving.stop();
      hold.resolve();
      expect(await underWay).to.equal('a');
      await stopping;
    });

    it('cuts a call that outlasts the grace', async () => {
      const calls: string[] = [];
      const serving = await start(simpleServer('a', { hold: new Promise(() => undefined), calls }), { grace: 0.05 });
      const underWay = failure(client(serving.address), {});
      await untilCalled(calls);
      await serving.stop();
      expect((await underWay).code).to.be.oneOf([status.UNAVAILABLE, status.CANCELLED]);
      expect(await reachable(serving.address)).to.equal(false);
    });

    it('cuts calls that came in by another port of the same server, too', async () => {
      const calls: string[] = [];
      const server = simpleServer('a', { hold: new Promise(() => undefined), calls });
      const otherPort = await new Promise<number>((resolve) => {
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) => resolve(port));
      });
      const serving = await start(server, { grace: 0.05 });
      const underWay = failure(client(`127.0.0.1:${otherPort}`), {});
      await untilCalled(calls);
      await serving.stop();
      expect((await underWay).code).to.be.oneOf([status.UNAVAILABLE, status.CANCELLED]);
    });

    it('drains by the name that grpc-js knows the port by, before it shuts down', async () => {
      const server = simpleServer('a');
      const drain = sinon.spy(server, 'drain');
      const tryShutdown = sinon.spy(server, 'tryShutdown');
      const serving = await start(server, { grace: 2 });
      await serving.stop();
      expect(drain.args).to.deep.equal([[serving.address, 2000]]);
      expect(drain.calledBefore(tryShutdown)).to.equal(true);
    });

    it('shuts down even if the record cannot be removed, and rejects with that', async () => {
      const serving = await start(simpleServer('a'));
      double.deregister.rejects(new RollcallError('TIMEOUT', 'no answer'));
      const error = await rejection(serving.stop());
      expect(error.message).to.equal('no answer');
      expect(await reachable(serving.address)).to.equal(false);
    });

    it('does it once, however often it is called', async () => {
      const serving = await start(simpleServer('a'));
      await Promise.all([serving.stop(), serving.stop(), serving[Symbol.asyncDispose]()]);
      await serving.stop();
      expect(double.deregister.callCount).to.equal(1);
    });
  });
});

async function rejection(promise: Promise<unknown>): Promise<RollcallError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).to.be.instanceOf(RollcallError);
  return error as RollcallError;
}

async function untilCalled(calls: readonly string[]): Promise<void> {
  while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

async function reachable(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const socket = dial(Number(address.slice(colon + 1)), address.slice(0, colon));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function listenSomewhere(undo: (() => unknown)[]): Promise<{ port: number }> {
  const server: TcpServer = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => server.close());
  return server.address() as { port: number };
}
