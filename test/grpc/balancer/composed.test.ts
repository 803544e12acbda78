import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { type SimpleClient, simpleService } from '../../../examples/simple.js';
import type { SharedDiscovery } from '../../../src/core/shared-discovery.js';
import { registerResolver } from '../../../src/grpc/register-resolver.js';
import { poll } from '../../support/poll.js';
import { type FakeBackend, fakeDiscovery } from '../support/fake-discovery.js';
import { call, callMany, failure, type NamedServer, simpleClient, startServer } from '../support/simple-service.js';

const policies = {
  rollcall_round_robin: {},
  rollcall_weighted_round_robin: {},
  rollcall_least_request: {},
  rollcall_ring_hash: { metadataKey: 'user-id' },
} as const;

describe('the policies over real servers', () => {
  let backend: FakeBackend;
  let discovery: SharedDiscovery;
  const undo: (() => unknown)[] = [];

  beforeEach(() => {
    ({ backend, discovery } = fakeDiscovery());
    const handle = registerResolver({ scheme: 'composed', discovery, random: () => 0 });
    undo.push(() => discovery.close(), () => handle.close());
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  function client(policy: object): SimpleClient {
    const made = simpleClient('composed:///svc', { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [policy] }) });
    undo.push(() => made.close());
    return made;
  }

  async function server(name: string): Promise<NamedServer> {
    const started = await startServer(name);
    undo.push(() => started.stop());
    return started;
  }

  /** Fails calls until it is told to be well. */
  async function faultyServer(name: string): Promise<{ readonly name: string; readonly address: string; well: boolean }> {
    const grpcServer = new Server();
    const faulty = { name, address: '', well: false };
    grpcServer.addService(simpleService, {
      route: (_call: unknown, callback: (error: object | null, value?: object) => void) => {
        if (faulty.well) callback(null, { code: 200, value: name });
        else callback({ code: status.INTERNAL, details: `${name} is faulty` });
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      grpcServer.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    undo.push(() => grpcServer.forceShutdown());
    faulty.address = `127.0.0.1:${port}`;
    return faulty;
  }

  function set(...servers: readonly { readonly name: string; readonly address: string; readonly weight?: number }[]): void {
    backend.set('svc', ...servers.map(({ name, address, weight }) => ({ id: name, address, weight })));
  }

  for (const [name, config] of Object.entries(policies)) {
    it(`answers calls with ${name}, alone and under outlier_detection`, async () => {
      set(await server('a'), await server('b'), await server('c'));
      for (const policy of [{ [name]: config }, { outlier_detection: { success_rate_ejection: {}, child_policy: [{ [name]: config }] } }]) {
        const made = client(policy);
        const answers = new Set(await Promise.all(Array.from({ length: 60 }, () => call(made))));
        if (name !== 'rollcall_ring_hash') expect(answers).to.deep.equal(new Set(['a', 'b', 'c']));
      }
    });
  }

  it('gives calls in exact proportion to the weights with rollcall_weighted_round_robin', async () => {
    set({ ...(await server('a')), weight: 3 }, { ...(await server('b')), weight: 1 });
    const answers = await callMany(client({ rollcall_weighted_round_robin: {} }), 40);
    expect(answers.filter((answer) => answer === 'a')).to.have.length(30);
  });

  it('leaves nobody idle in a burst of calls with rollcall_least_request', async () => {
    set(await server('a'), await server('b'), await server('c'), await server('d'));
    const made = client({ rollcall_least_request: {} });
    await call(made);
    for (let round = 0; round < 20; round++) {
      expect(new Set(await Promise.all(Array.from({ length: 4 }, () => call(made)))).size).to.equal(4);
    }
  });

  it('sends the calls of one user to one server with rollcall_ring_hash', async () => {
    set(await server('a'), await server('b'), await server('c'));
    const made = client({ rollcall_ring_hash: policies.rollcall_ring_hash });
    const answer = (user: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        metadata.set('user-id', user);
        made.route({ data: 'x' }, metadata, { deadline: Date.now() + 5000 }, (error, response) => {
          if (response === undefined) reject(error ?? new Error());
          else resolve(response.value);
        });
      });
    const homes = await Promise.all(Array.from({ length: 30 }, (_, i) => answer(`user-${i}`)));
    expect(new Set(homes).size).to.equal(3);
    expect(await Promise.all(homes.map((_, i) => answer(`user-${i}`)))).to.deep.equal(homes);
  });

  it('calls two instances of one address, and one of them when the other goes', async () => {
    const a = await server('a');
    set({ name: '1', address: a.address }, { name: '2', address: a.address });
    const made = client({ rollcall_round_robin: {} });
    expect(await callMany(made, 4)).to.deep.equal(['a', 'a', 'a', 'a']);
    expect(a.peers.size, 'connections').to.equal(1);
    set({ name: '2', address: a.address }, { ...(await server('b')), name: '3' });
    await poll('the update', async () => (await call(made)) === 'b');
    expect(new Set(await callMany(made, 4))).to.deep.equal(new Set(['a', 'b']));
    expect(a.peers.size, 'connections').to.equal(1);
  });

  describe('under outlier_detection', () => {
    const ejecting = (baseEjectionMs: number): object => ({
      outlier_detection: {
        interval: { seconds: 0, nanos: 50e6 },
        base_ejection_time: { seconds: 0, nanos: baseEjectionMs * 1e6 },
        max_ejection_percent: 50,
        failure_percentage_ejection: { threshold: 50, minimum_hosts: 2, request_volume: 3, enforcement_percentage: 100 },
        child_policy: [{ rollcall_round_robin: {} }],
      },
    });

    /** Twenty calls in a row. */
    async function allAnsweredBy(made: SimpleClient, ...names: string[]): Promise<boolean> {
      const answers = await Promise.all(Array.from({ length: 20 }, () => call(made).catch(() => 'failed')));
      return [...new Set(answers)].sort().join() === names.join();
    }

    it('leaves out a server that always fails, and takes it back when its time is over', async () => {
      const faulty = await faultyServer('faulty');
      set(faulty, await server('good'));
      const made = client(ejecting(500));
      expect((await failure(made)).details).to.equal('faulty is faulty');
      await poll('the ejection', () => allAnsweredBy(made, 'good'));
      faulty.well = true;
      await poll('the return', () => allAnsweredBy(made, 'faulty', 'good'));
    });

    it('counts calls also where every connection was there already', async () => {
      const faulty = await faultyServer('faulty');
      set(faulty, await server('good'));
      // The first one has the connections; the second, with the same options, finds them ready in grpc-js's pool at its very first update.
      const first = client(ejecting(900));
      while ((await call(first).catch(() => 'failed')) !== 'failed');
      const second = client(ejecting(900));
      await poll('the ejection', () => allAnsweredBy(second, 'good'));
    });
  });
});
