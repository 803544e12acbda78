import { expect } from 'chai';
import type { SimpleClient } from '../../examples/simple.js';

import type { SharedDiscovery } from '../../src/core/shared-discovery.js';
import { registerResolver, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import { hashed, type PolicyChoice, policies, serviceConfig } from '../support/grpc/policies.js';
import { type FakeBackend, fakeDiscovery } from './support/fake-discovery.js';
import { type NamedServer, simpleClient, startServer } from './support/simple-service.js';

const named = (name: string): PolicyChoice => policies.find((policy) => policy.name === name)!;

/** Who answered a call with that key. */
function callWith(client: SimpleClient, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.route({ data: key }, hashed(key), { deadline: Date.now() + 10_000 }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('neither an answer nor an error'));
      else resolve(response.value);
    });
  });
}

/** So many calls, some under way at any time, with who answered the call of which key. */
async function callAll(client: SimpleClient, keys: readonly string[], loops: number): Promise<readonly (readonly [key: string, by: string])[]> {
  const answers: (readonly [string, string])[] = [];
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) answers.push([key, await callWith(client, key)]);
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return answers;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

function countBy<T>(all: readonly T[], nameOf: (each: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of all) counts.set(nameOf(each), (counts.get(nameOf(each)) ?? 0) + 1);
  return counts;
}

describe('calls over real servers', function () {
  this.timeout(30_000);
  let backend: FakeBackend;
  let discovery: SharedDiscovery;
  let resolver: ResolverHandle;
  let servers: readonly NamedServer[];
  const clients: SimpleClient[] = [];

  function register(weights: readonly number[]): void {
    backend.set('svc', ...weights.map((weight, n) => ({ id: servers[n]!.name, address: servers[n]!.address, weight })));
  }

  /** Once all connections stand: which calls they are that come before that is another question. */
  async function connected(policy: string, weights: readonly number[]): Promise<SimpleClient> {
    register(weights);
    const client = simpleClient(resolver.target('svc'), resolver.channelOptions(serviceConfig(named(policy))));
    clients.push(client);
    await callWith(client, 'first');
    for (const { calls } of servers) calls.length = 0;
    return client;
  }

  before(async () => {
    servers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => startServer(name)));
  });

  beforeEach(() => {
    ({ backend, discovery } = fakeDiscovery());
    resolver = registerResolver({ scheme: 'roll', discovery });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    resolver.close();
    await discovery.close();
  });

  after(() => {
    for (const server of servers) server.stop();
  });

  describe('under rollcall_round_robin', () => {
    it('go to each in its turn, strictly', async () => {
      const client = await connected('rollcall_round_robin', [100, 100, 100, 100, 100]);
      const answers = (await callAll(client, numbered(1_000), 1)).map(([, by]) => by);
      const turn = answers.slice(0, 5);
      expect([...turn].sort()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
      for (const [n, by] of answers.entries()) expect(by, `call ${n}`).to.equal(turn[n % 5]);
    });

    it('are equally many for each, whatever the weights; none for weight 0', async () => {
      const client = await connected('rollcall_round_robin', [100, 200, 700, 1, 0]);
      await callAll(client, numbered(10_000), 64);
      expect(servers.map(({ calls }) => calls.length)).to.deep.equal([2_500, 2_500, 2_500, 2_500, 0]);
    });
  });

  describe('under rollcall_weighted_round_robin', () => {
    for (const weights of [
      [100, 200, 700, 0],
      [1, 1, 1, 1, 1],
      [1, 2, 3, 5, 89],
    ]) {
      it(`are in proportion ${weights.join(' : ')}, within 1 % of 10,000`, async () => {
        const client = await connected('rollcall_weighted_round_robin', weights);
        await callAll(client, numbered(10_000), 64);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [n, weight] of weights.entries()) {
          const fair = (10_000 * weight) / total;
          expect(servers[n]!.calls.length, `${servers[n]!.name} of weight ${weight}`).to.be.within(fair * 0.99, fair * 1.01);
        }
      });
    }

    it('follow a changed weight, over the connections that stand', async () => {
      const client = await connected('rollcall_weighted_round_robin', [100, 200, 700, 0]);
      await callAll(client, numbered(100), 8);
      const peers = servers.slice(0, 3).map((server) => [...server.peers]);
      register([700, 200, 100, 0]);
      // The resolver tells its channel in a later turn.
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      for (const { calls } of servers) calls.length = 0;
      await callAll(client, numbered(10_000), 64);
      for (const [n, fair] of [7_000, 2_000, 1_000].entries()) expect(servers[n]!.calls.length).to.be.within(fair * 0.99, fair * 1.01);
      expect(servers.slice(0, 3).map((server) => [...server.peers])).to.deep.equal(peers);
    });
  });

  describe('under rollcall_least_request', () => {
    for (const [size, bursts] of [
      [5, 400],
      [7, 200],
      [20, 100],
      [100, 50],
    ] as const) {
      it(`leave nobody idle in ${bursts} bursts of ${size}, each in one tick`, async () => {
        const client = await connected('rollcall_least_request', [100, 100, 100, 100, 100]);
        for (let burst = 0; burst < bursts; burst++) {
          const answers = await Promise.all(numbered(size).map((key) => callWith(client, key)));
          expect([...new Set(answers)].sort(), `called in burst ${burst}`).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
        }
      });
    }

    // No more than that: servers and client take turns in one event loop here, in a fixed order, so some really are faster than others.
    it('leave nobody without at least half of its share of 10,000', async () => {
      const client = await connected('rollcall_least_request', [100, 100, 100, 100, 100]);
      await callAll(client, numbered(10_000), 64);
      for (const { name, calls } of servers) expect(calls.length, name).to.be.within(1_000, 3_000);
    });
  });

  describe('under rollcall_ring_hash', () => {
    const keys = numbered(10_000).map((n) => `user-${Number(n) % 1_000}`);

    it('of one key go to one server, and the keys to all', async () => {
      const client = await connected('rollcall_ring_hash', [100, 100, 100, 100, 100]);
      const answers = await callAll(client, keys, 64);
      const homes = new Map(answers);
      for (const [key, by] of answers) expect(by, `who answered ${key}`).to.equal(homes.get(key));
      const spread = countBy([...homes], ([, by]) => by);
      expect(spread.size).to.equal(5);
      for (const [name, count] of spread) expect(count, `keys of ${name}`).to.be.within(100, 400);
    });

    it('stay where they are when another server goes', async () => {
      const client = await connected('rollcall_ring_hash', [100, 100, 100, 100, 100]);
      const homes = new Map(await callAll(client, keys.slice(0, 1_000), 64));
      register([100, 100, 100, 100]);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      const moved = (await callAll(client, keys.slice(0, 1_000), 64)).filter(([key, by]) => homes.get(key) !== by);
      expect(moved.every(([key]) => homes.get(key) === 'e')).to.equal(true);
      expect(moved).to.have.length([...homes.values()].filter((by) => by === 'e').length);
    });
  });
});
