import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

import { connectivityState, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import type { SimpleClient } from '../../examples/simple.js';
import { RollcallError } from '../../src/core/errors.js';
import type { SharedDiscovery } from '../../src/core/shared-discovery.js';
import { DiscoveryResolver } from '../../src/grpc/discovery-resolver.js';
import { registerResolver, type RegisterResolverOptions, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import { poll } from '../support/poll.js';
import { type FakeBackend, fakeDiscovery } from './support/fake-discovery.js';
import { call, callMany, deadAddress, failure, type NamedServer, reached, simpleClient, startServer, waiting } from './support/simple-service.js';

describe('a plain grpc-js client of a registered scheme', () => {
  let backend: FakeBackend;
  let discovery: SharedDiscovery;
  const undo: (() => unknown)[] = [];

  function register(options: Partial<RegisterResolverOptions> = {}): ResolverHandle {
    const handle = registerResolver({ scheme: 'roll', discovery, random: () => 0, ...options });
    undo.push(() => handle.close());
    return handle;
  }

  function client(target = 'roll:///svc', options: Record<string, unknown> = {}): SimpleClient {
    const made = simpleClient(target, options);
    undo.push(() => made.close());
    return made;
  }

  async function server(name: string, options: { readonly hold?: Promise<unknown> } = {}): Promise<NamedServer> {
    const started = await startServer(name, options);
    undo.push(() => started.stop());
    return started;
  }

  function set(...servers: readonly { readonly name: string; readonly address: string }[]): void {
    backend.set('svc', ...servers.map(({ name, address }) => ({ id: name, address })));
  }

  beforeEach(() => {
    ({ backend, discovery } = fakeDiscovery());
    undo.push(() => discovery.close());
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    expect(backend.followed, 'services still followed').to.equal(0);
  });

  it('alternates between two servers from the very first call, without any option', async () => {
    set(await server('a'), await server('b'));
    register();
    expect(await callMany(client(), 6)).to.deep.equal(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('alternates also when all calls are made at once', async () => {
    const [a, b] = [await server('a'), await server('b')];
    set(a, b);
    register();
    const shared = client();
    await Promise.all(Array.from({ length: 10 }, () => call(shared)));
    expect([a.calls.length, b.calls.length]).to.deep.equal([5, 5]);
  });

  it('reaches a server by its host name', async () => {
    const a = await server('a');
    set({ name: 'a', address: a.address.replace('127.0.0.1', 'localhost') });
    register();
    expect(await call(client())).to.equal('a');
  });

  it('reaches a service whose name would be no host of a URL', async () => {
    const a = await server('a');
    backend.set('orders.2', { address: a.address });
    const handle = register();
    expect(await call(client(handle.target('orders.2')))).to.equal('a');
  });

  it('goes on with the servers that are left, and takes in the one that joins', async () => {
    const [a, b, c] = [await server('a'), await server('b'), await server('c')];
    set(a, b);
    register();
    const shared = client();
    expect(await callMany(shared, 2)).to.deep.equal(['a', 'b']);
    set(b);
    await poll('the update', async () => (await callMany(shared, 2)).join() === 'b,b');
    set(b, c);
    await poll('the update', async () => (await call(shared)) === 'c');
    expect(await callMany(shared, 4)).to.deep.equal(['b', 'c', 'b', 'c']);
  });

  it('keeps a connection over updates that do not concern it', async () => {
    const a = await server('a');
    set(a);
    register();
    const shared = client();
    await callMany(shared, 2);
    for (const name of ['b', 'c', 'd']) {
      set(a, await server(name));
      await poll('the update', async () => (await call(shared)) === name);
    }
    await callMany(shared, 4);
    expect(a.peers.size, 'connections to a').to.equal(1);
  });

  describe('of a service that nobody serves', () => {
    it('fails calls at once and says so, with the revision', async () => {
      register();
      const { code, details } = await failure(client());
      expect(code).to.equal(status.UNAVAILABLE);
      expect(details).to.equal('no instances of "svc" are registered (revision 0)');
    });

    it('recovers by itself when a server comes', async () => {
      register();
      const shared = client();
      await failure(shared);
      set(await server('a'));
      await poll('the update', async () => (await call(shared).catch(() => undefined)) === 'a');
    });

    it('serves a call that chose to wait, once a server comes', async () => {
      register();
      const shared = client();
      await failure(shared);
      const patient = new Promise<string>((resolve, reject) => {
        shared.route({ data: 'x' }, waiting(), { deadline: Date.now() + 5000 }, (error, response) => {
          if (response === undefined) reject(error ?? new Error());
          else resolve(response.value);
        });
      });
      set(await server('a'));
      expect(await patient).to.equal('a');
    });

    it('does not spin', async () => {
      const hints = sinon.spy(DiscoveryResolver.prototype, 'updateResolution');
      undo.push(() => hints.restore());
      register();
      const shared = client();
      for (let i = 0; i < 20; i++) await failure(shared);
      expect(hints.callCount).to.be.at.most(40);
    });
  });

  for (const policy of [undefined, 'round_robin', 'pick_first']) {
    it(`fails calls at once when the last instance is gone, and calls the server no more, with ${policy ?? 'our own policy'}`, async () => {
      const a = await server('a');
      set(a);
      register();
      const shared = client('roll:///svc', policy === undefined ? {} : { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] }) });
      await call(shared);
      set();
      await poll('the update', async () => (await call(shared).catch((error: unknown) => error)) instanceof Error);
      const before = a.calls.length;
      expect((await failure(shared)).details).to.match(/no instances of "svc" are registered/);
      expect(a.calls.length).to.equal(before);
      set(a);
      await poll('the update', async () => (await call(shared).catch(() => undefined)) === 'a');
    });
  }

  it('fails calls with the reason when the discovery does not answer within the initial timeout', async () => {
    backend.answers = false;
    register({ initialTimeout: 0.05 });
    const first = failure(client());
    backend.trouble(new RollcallError('UNAVAILABLE', 'etcd refused the connection'));
    const { code, details } = await first;
    expect(code).to.equal(status.UNAVAILABLE);
    expect(details).to.equal('nothing is known of "svc" after 0.05 s: UNAVAILABLE: etcd refused the connection');
  });

  it('goes on with what is known while the discovery is stale, and says so when no server can be reached', async () => {
    const a = await server('a');
    set(a);
    register();
    const shared = client();
    await call(shared);
    backend.trouble(new RollcallError('UNAVAILABLE', 'etcd is away'));
    expect(await call(shared)).to.equal('a');
    a.stop();
    const details = await poll('the update', async () => (await failure(shared).catch(() => undefined))?.details);
    expect(details).to.match(/cannot be reached: .*ECONNREFUSED.*stale since .*etcd is away/);
  });

  it('calls the others while one cannot be reached', async () => {
    set({ name: 'dead', address: await deadAddress() }, await server('b'));
    register();
    expect(await callMany(client(), 3)).to.deep.equal(['b', 'b', 'b']);
  });

  it('calls the others while one never answers the connection', async () => {
    // It takes connections and says nothing, as a host behind a bad firewall does: for grpc-js it stays CONNECTING.
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    undo.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as { port: number };
    set({ name: 'a-silent', address: `127.0.0.1:${port}` }, await server('b'));
    register();
    expect(await callMany(client(), 2)).to.deep.equal(['b', 'b']);
  });

  it('watches nothing while it is idle, and comes back at the next call', async () => {
    set(await server('a'));
    register();
    const shared = client('roll:///svc', { 'grpc.client_idle_timeout_ms': 1000 });
    await call(shared);
    expect(backend.followed).to.equal(1);
    await reached(shared, connectivityState.IDLE);
    expect(backend.followed).to.equal(0);
    set(await server('b'));
    expect(await call(shared)).to.equal('b');
    expect(backend.followed).to.equal(1);
  });

  it('stops watching when it is closed', async () => {
    set(await server('a'));
    register();
    const shared = client();
    await call(shared);
    shared.close();
    expect(backend.followed).to.equal(0);
  });

  describe('and its handle', () => {
    it('gives targets and channel options', () => {
      const handle = register({ name: 'west' });
      expect(handle.target('svc')).to.equal('roll://west/svc');
      expect(() => handle.target('a/b')).to.throw(RollcallError).with.property('code', 'INVALID_SERVICE');
      expect(handle.channelOptions({ 'grpc.keepalive_time_ms': 5 })).to.deep.equal({ 'grpc.keepalive_time_ms': 5, 'grpc.enable_http_proxy': 0 });
    });

    it('makes calls fail with UNAVAILABLE once it is closed, and work again once there is a new one', async () => {
      set(await server('a'));
      const handle = register();
      const shared = client();
      await call(shared);
      handle.close();
      handle[Symbol.dispose]();
      await poll('the update', async () => (await call(shared).catch((error: unknown) => error)) instanceof Error);
      expect((await failure(shared)).details).to.match(/no discovery is registered .* or its resolver was closed/);
      register();
      await poll('the update', async () => (await call(shared).catch(() => undefined)) === 'a');
    });

    it('refuses the same scheme and name a second time until it is closed', () => {
      const handle = register();
      expect(() => register()).to.throw(RollcallError, /roll:\/\/\/… is registered already/).with.property('code', 'INVALID_CONFIG');
      handle.close();
      const second = register();
      // The former handle has nothing to do with the new registration.
      handle.close();
      expect(() => register()).to.throw(RollcallError);
      second.close();
    });

    for (const initialTimeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      it(`refuses an initial timeout of ${initialTimeout}`, () => {
        expect(() => register({ initialTimeout })).to.throw(RollcallError, /initialTimeout/).with.property('code', 'INVALID_CONFIG');
      });
    }
  });

  it('goes to the discovery that its target names: several names and schemes in one process', async () => {
    const [a, b, c] = [await server('a'), await server('b'), await server('c')];
    const west = fakeDiscovery();
    const other = fakeDiscovery();
    set(a);
    west.backend.set('svc', { address: b.address });
    other.backend.set('svc', { address: c.address });
    register();
    register({ name: 'west', discovery: west.discovery });
    register({ scheme: 'roll2', discovery: other.discovery });
    expect(await call(client('roll:///svc'))).to.equal('a');
    expect(await call(client('roll://west/svc'))).to.equal('b');
    expect(await call(client('roll2:///svc'))).to.equal('c');
    expect(await call(client('roll://svc')), 'two slashes').to.equal('a');
    expect(await call(client('roll:svc')), 'no slash').to.equal('a');
  });

  it('fails calls at once for a name that nobody registered, and for an illegal service name', async () => {
    register();
    const unnamed = await failure(client('roll://east/svc'));
    expect(unnamed.code).to.equal(status.UNAVAILABLE);
    expect(unnamed.details).to.match(/no discovery is registered for target "roll:\/\/east\/svc" \(name "east"\)/);
    const illegal = await failure(client('roll:///a/b'));
    expect(illegal.code).to.equal(status.UNAVAILABLE);
    expect(illegal.details).to.match(/"a\/b" cannot be resolved: INVALID_SERVICE/);
  });

  describe('with a service config of its own', () => {
    const configured = (config: object): SimpleClient => client('roll:///svc', { 'grpc.service_config': JSON.stringify(config) });

    it('keeps its method config: a timeout of 0.2 s is 0.2 s', async () => {
      const hold = new Promise(() => undefined);
      set(await server('slow', { hold }));
      register();
      const shared = configured({ methodConfig: [{ name: [{ service: 'Simple' }], timeout: '0.2s' }] });
      const begun = performance.now();
      const { code } = await failure(shared, {});
      expect(code).to.equal(status.DEADLINE_EXCEEDED);
      expect(performance.now() - begun).to.be.within(150, 2000);
    });

    it('uses its policy', async () => {
      set(await server('a'), await server('b'));
      register();
      const answers = await callMany(configured({ loadBalancingConfig: [{ pick_first: {} }] }), 4);
      expect(new Set(answers)).to.have.property('size', 1);
    });

    it('composes with outlier detection over our policy', async () => {
      set(await server('a'), await server('b'));
      register();
      const outliers = { outlier_detection: { child_policy: [{ rollcall_round_robin: {} }] } };
      expect(await callMany(configured({ loadBalancingConfig: [outliers] }), 4)).to.deep.equal(['a', 'b', 'a', 'b']);
    });

    it('fails calls with what is wrong with its policy', async () => {
      set(await server('a'));
      register();
      const { code, details } = await failure(configured({ loadBalancingConfig: [{ pick_frist: {} }] }));
      expect(code).to.equal(status.UNAVAILABLE);
      expect(details).to.match(/not known here: pick_frist/);
    });
  });

  it('is not sent to the proxy of the environment when it has the channel options of the handle', async () => {
    const logger = { debug: sinon.spy(), info: sinon.spy(), warn: sinon.spy(), error: sinon.spy() };
    sinon.stub(process, 'env').value({ ...process.env, http_proxy: `http://${await deadAddress()}`, no_proxy: '' });
    undo.push(() => sinon.restore());
    set(await server('a'));
    const handle = register({ logger });
    expect(await call(client('roll:///svc', handle.channelOptions()))).to.equal('a');
    expect(logger.warn.firstCall.args[1]).to.match(/http_proxy is set.*channelOptions\(\)/);
  });
});
