import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { connectivityState } from '@grpc/grpc-js';
import { expect } from 'chai';

import { registerResolver, type RegisterResolverOptions, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import type { ChannelStatus } from '../../src/grpc/channel-status.js';
import type { SimpleClient } from '../../examples/simple.js';
import { poll } from '../support/poll.js';
import { type FakeBackend, fakeDiscovery } from './support/fake-discovery.js';
import { callMany, deadAddress, failure, type NamedServer, reached, simpleClient, startServer } from './support/simple-service.js';

/** Options, resolver, policy and connections together: real servers, and a registry that the test speaks for. */
describe('a channel whose resolver chooses', () => {
  let backend: FakeBackend;
  let discovery: ReturnType<typeof fakeDiscovery>['discovery'];
  let resolver: ResolverHandle;
  let servers: NamedServer[];
  const clients: SimpleClient[] = [];

  const register = (options: Omit<RegisterResolverOptions, 'scheme' | 'discovery'> = {}): void => {
    resolver = registerResolver({ scheme: 'chosen', discovery, ...options });
  };
  const client = (service = 'svc'): SimpleClient => {
    const made = simpleClient(resolver.target(service), resolver.channelOptions());
    clients.push(made);
    return made;
  };
  const counts = (answers: readonly string[]): Record<string, number> =>
    Object.fromEntries([...new Set(answers)].sort().map((name) => [name, answers.filter((each) => each === name).length]));

  beforeEach(async () => {
    ({ backend, discovery } = fakeDiscovery());
    servers = await Promise.all(['a', 'b', 'c'].map((name) => startServer(name)));
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) each.close();
    resolver.close();
    for (const server of servers) server.stop();
    await discovery.close();
  });

  const address = (index: number): string => servers[index]!.address;

  it('gives each instance its share by weight, and takes a new weight up without a new connection', async () => {
    // From the beginning of the cycle: then forty calls are whole cycles, before and after.
    register({ policy: 'weighted_round_robin', random: () => 0 });
    backend.set('svc', { id: 'a', address: address(0), weight: 300 }, { id: 'b', address: address(1), weight: 100 });
    const calling = client();
    await reachedReady(calling);
    expect(counts(await callMany(calling, 40))).to.deep.equal({ a: 30, b: 10 });
    backend.set('svc', { id: 'a', address: address(0), weight: 100 }, { id: 'b', address: address(1), weight: 300 });
    await poll('the second revision', () => resolver.channels[0]?.note.includes('revision 2'));
    expect(counts(await callMany(calling, 40))).to.deep.equal({ a: 10, b: 30 });
    expect([servers[0]!.peers.size, servers[1]!.peers.size]).to.deep.equal([1, 1]);
  });

  it('goes by the options of the service it calls', async () => {
    register({ filter: { metadata: { lane: '!canary' } }, services: { tested: { filter: 'lane=canary' } } });
    for (const service of ['svc', 'tested']) backend.set(service, { id: 'a', address: address(0) }, { id: 'b', address: address(1), metadata: { lane: 'canary' } });
    expect(counts(await callMany(client('svc'), 4))).to.deep.equal({ a: 4 });
    expect(counts(await callMany(client('tested'), 4))).to.deep.equal({ b: 4 });
  });

  it('spills over to another zone when its own goes down, and comes back', async () => {
    register({ zone: 'near' });
    backend.set('svc', { id: 'a', address: address(0), zone: 'near' }, { id: 'b', address: address(1), zone: 'far' });
    const calling = client();
    expect(counts(await callMany(calling, 3))).to.deep.equal({ a: 3 });
    const port = Number(address(0).split(':')[1]);
    servers[0]!.stop();
    await poll('the spill-over', () => resolver.channels[0]?.instances === 2);
    await poll('calls to the other zone', async () => (await callMany(calling, 2).catch(() => [])).join() === 'b,b');
    const back = await startServer('a again', { port });
    servers.push(back);
    calling.getChannel().getConnectivityState(true);
    await poll('the return', () => resolver.channels[0]?.instances === 1, 15_000);
    expect(counts(await callMany(calling, 3))).to.deep.equal({ 'a again': 3 });
  }).timeout(30_000);

  it('tells of its channels, of what a guard holds, and publishes each change', async () => {
    register({ maxLoss: 0.5, holdFor: 'forever' });
    const published: ChannelStatus[] = [];
    const listen = (message: unknown): void => void published.push(message as ChannelStatus);
    subscribe('rollcall:resolution', listen);
    try {
      backend.set('svc', ...servers.map(({ name, address: at }) => ({ id: name, address: at })));
      const calling = client();
      expect(resolver.channels).to.deep.equal([]);
      await callMany(calling, 3);
      expect(resolver.channels[0]).to.include({ target: 'chosen:///svc', service: 'svc', state: 'resolved', instances: 3, note: '3 instances of "svc" at revision 1' });
      backend.set('svc', { id: 'c', address: address(2) });
      await poll('the hold', () => resolver.channels[0]?.holding);
      expect(resolver.channels[0]!.holding).to.include({ kind: 'loss', kept: 2 });
      expect(counts(await callMany(calling, 6))).to.deep.equal({ a: 2, b: 2, c: 2 });
      expect(published.map(({ state, holding }) => [state, holding?.kept])).to.deep.equal([
        ['resolved', undefined],
        ['resolved', 2],
      ]);
      calling.close();
      expect(resolver.channels).to.deep.equal([]);
    } finally {
      unsubscribe('rollcall:resolution', listen);
    }
  });

  it('explains what it does: what became of each record, its connection, and the share of calls', async () => {
    register({ policy: 'weighted_round_robin', filter: { version: '!2.*' } });
    const dead = await deadAddress();
    backend.set(
      'svc',
      { id: 'a', address: address(0), weight: 75 },
      { id: 'b', address: address(1), weight: 25 },
      { id: 'dead', address: dead },
      { id: 'drained', address: '10.0.0.1:1', weight: 0 },
      { id: 'new', address: address(2), version: '2.1' },
    );
    const calling = client();
    const answers = await callMany(calling, 40);
    await poll('the failed connection', async () => (await resolver.explain('svc')).records[2]?.reason);
    const { records, policy, sentence } = await resolver.explain('svc');
    expect(policy).to.equal('rollcall_weighted_round_robin');
    expect(records.map(({ id, kept, reason, state, share }) => [id, kept, reason, state, share])).to.deep.equal([
      ['a', true, undefined, 'ready', 0.75],
      ['b', true, undefined, 'ready', 0.25],
      ['dead', false, 'unhealthy', 'failing', 0],
      ['drained', false, 'draining', undefined, 0],
      ['new', false, 'filtered', undefined, 0],
    ]);
    expect(records[2]!.detail).to.contain('ECONNREFUSED');
    expect(sentence).to.match(/^calls go to 2 of 5 records of "svc" at revision 1: /);
    expect(counts(answers)).to.deep.equal({ a: 30, b: 10 });
  });

  it('explains also under a policy that is not ours, without shares', async () => {
    register({ serviceConfig: { loadBalancingConfig: [{ pick_first: {} }] } });
    backend.set('svc', { id: 'a', address: address(0) });
    await callMany(client(), 1);
    const { policy, records } = await resolver.explain('svc');
    expect(policy).to.equal('pick_first');
    expect(records[0]).to.include({ id: 'a', kept: true }).and.not.to.have.property('share');
  });

  it('goes on calling while its resolver is closed and registered anew at once', async () => {
    register();
    backend.set('svc', { id: 'a', address: address(0) });
    const calling = client();
    await callMany(calling, 1);
    backend.answers = false;
    resolver.close();
    register();
    expect(await callMany(calling, 20)).to.deep.equal(Array.from({ length: 20 }, () => 'a'));
    backend.answers = true;
    backend.set('svc', { id: 'b', address: address(1) });
    await poll('the other server', async () => (await callMany(calling, 1))[0] === 'b');
  });

  it('explains a service that no channel of it calls, as one would that begins now', async () => {
    register({ services: { other: { filter: 'lane=x' } } });
    backend.set('other', { id: 'a', address: address(0) });
    const { sentence, records } = await resolver.explain('other');
    expect(sentence).to.equal('nobody is called: the only instance of "other" does not match the filter (metadata lane=x)');
    expect(records[0]).to.include({ id: 'a', kept: false, reason: 'filtered' });
    expect(records[0]).not.to.have.property('state');
  });

  it('fails calls with the reason when the filter leaves nobody, and calls again when it does', async () => {
    register({ filter: 'version=2.*' });
    backend.set('svc', { id: 'a', address: address(0), version: '1.0' });
    const calling = client();
    expect((await failure(calling)).details).to.equal('the only instance of "svc" does not match the filter (version 2.*) (revision 1)');
    backend.set('svc', { id: 'a', address: address(0), version: '2.0' });
    await poll('the instances', () => resolver.channels[0]?.state === 'resolved');
    expect(await callMany(calling, 1)).to.deep.equal(['a']);
  });

  it('tells grpc-js nothing while nothing changes', async () => {
    register({ slowStart: 5, zone: 'near', maxLoss: 0.5, staleBudget: 60 });
    backend.set('svc', { id: 'a', address: address(0) }, { id: 'b', address: address(1) });
    let told = 0;
    const listen = (): void => {
      told++;
    };
    subscribe('rollcall:resolution', listen);
    try {
      await callMany(client(), 200);
      expect(told).to.equal(1);
    } finally {
      unsubscribe('rollcall:resolution', listen);
    }
  });
});

async function reachedReady(client: SimpleClient): Promise<void> {
  client.getChannel().getConnectivityState(true);
  await reached(client, connectivityState.READY);
}
