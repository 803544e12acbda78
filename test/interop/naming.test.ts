import { expect } from 'chai';

import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/index.js';
import { poll } from '../support/poll.js';
import { sharedEtcd } from '../support/shared-etcd.js';
import { GoPeer } from './go-peer.js';

interface Addresses {
  readonly addresses: readonly { readonly addr: string; readonly metadata: unknown }[];
}

describe('etcd’s own naming packages of Go, clientv3/naming', function () {
  this.timeout(30_000);
  let endpoint: string;
  let backend: Backend;

  before(async () => {
    endpoint = (await sharedEtcd()).endpoints[0]!;
  });

  beforeEach(async () => {
    backend = await connect(`etcd://${endpoint}?layout=etcd-naming&ttl=2`);
  });

  afterEach(() => backend.close());

  const metadataOf = async (service: string): Promise<Record<string, unknown>> =>
    Object.fromEntries((await backend.discovery.get(service)).instances.map(({ address, metadata }) => [address, metadata]));

  /** A Go program that has registered the address. */
  async function registered(service: string, address: string, metadata: unknown, ttl = 60): Promise<GoPeer> {
    const peer = new GoPeer('register', endpoint, service, address, JSON.stringify(metadata), String(ttl));
    expect(await peer.report()).to.deep.equal({ registered: address });
    return peer;
  }

  /** A Go program whose resolver follows the service. */
  async function resolving(service: string): Promise<GoPeer> {
    const peer = new GoPeer('resolve', endpoint, service);
    expect(await peer.report()).to.deep.equal({ resolving: service });
    return peer;
  }

  it('what Go registers is found here with its metadata, and is gone when Go takes it back', async () => {
    await using first = await registered('go-registers', '127.0.0.1:7001', { v: '1', 'a<b>&c\u2028': '漢😀' });
    await using second = await registered('go-registers', '127.0.0.1:7002', null);
    expect(await metadataOf('go-registers')).to.deep.equal({ '127.0.0.1:7001': { v: '1', 'a<b>&c\u2028': '漢😀' }, '127.0.0.1:7002': {} });

    await first.leave();
    await poll('Go’s withdrawal here', async () => Object.keys(await metadataOf('go-registers')).join() === '127.0.0.1:7002');
    await second.leave();
    await poll('Go’s withdrawal here', async () => Object.keys(await metadataOf('go-registers')).length === 0);
  });

  it('metadata of Go that is more than text is found here as text', async () => {
    await using table = await registered('go-metadata', '127.0.0.1:7004', { n: 10, deep: { a: [1, null] }, none: null });
    await using word = await registered('go-metadata', '127.0.0.1:7005', 'v1');
    expect(await metadataOf('go-metadata')).to.deep.equal({ '127.0.0.1:7004': { n: '10', deep: '{"a":[1,null]}' }, '127.0.0.1:7005': { metadata: 'v1' } });
    await Promise.all([table.leave(), word.leave()]);
  });

  it('a Go program that was killed is gone from here with its lease', async () => {
    await using peer = await registered('go-is-killed', '127.0.0.1:7003', null, 2);
    expect(await metadataOf('go-is-killed')).to.have.all.keys('127.0.0.1:7003');
    await peer[Symbol.asyncDispose]();
    await poll('the end of its lease', async () => Object.keys(await metadataOf('go-is-killed')).length === 0);
  });

  it('what is registered here Go resolves with its metadata, sees it change, and sees it leave', async () => {
    await using peer = await resolving('node-registers');
    const metadata = { v: '1', 'a<b>&c\u2028': '漢😀' };
    const registration = await backend.registry.register({ service: 'node-registers', address: '127.0.0.1:7011', metadata });
    expect(await peer.report()).to.deep.equal({ addresses: [{ addr: '127.0.0.1:7011', metadata }] });

    const another = await backend.registry.register({ service: 'node-registers', address: '[::1]:7012' });
    const { addresses } = await peer.report<Addresses>();
    expect(addresses).to.deep.equal([{ addr: '127.0.0.1:7011', metadata }, { addr: '[::1]:7012', metadata: null }]);

    await registration.update({ metadata: { v: '2' } });
    expect((await peer.report<Addresses>()).addresses[0]).to.deep.equal({ addr: '127.0.0.1:7011', metadata: { v: '2' } });

    await registration.deregister();
    expect(await peer.report()).to.deep.equal({ addresses: [{ addr: '[::1]:7012', metadata: null }] });
    await another.deregister();
    expect(await peer.report()).to.deep.equal({ addresses: [] });
    await peer.leave();
  });

  it('a service that both register has the instances of both, on both sides', async () => {
    await using go = await registered('both', '127.0.0.1:7021', null);
    await backend.registry.register({ service: 'both', address: '127.0.0.1:7022' });
    await using peer = await resolving('both');
    const { addresses } = await peer.report<Addresses>();
    expect(addresses.map(({ addr }) => addr)).to.deep.equal(['127.0.0.1:7021', '127.0.0.1:7022']);
    expect(await metadataOf('both')).to.have.all.keys('127.0.0.1:7021', '127.0.0.1:7022');
    await go.leave();
  });

  // Before https://github.com/etcd-io/etcd/issues/15022 was fixed, as in Debian's version, etcd's package asked for every key that starts with the name.
  it('Go’s resolver takes the instances of orders-v2 for those of orders, and this library does not', async () => {
    await backend.registry.register({ service: 'orders', address: '127.0.0.1:7031' });
    await backend.registry.register({ service: 'orders-v2', address: '127.0.0.1:7032' });
    await using peer = await resolving('orders');
    const { addresses } = await peer.report<Addresses>();
    expect(addresses.map(({ addr }) => addr)).to.deep.equal(['127.0.0.1:7031', '127.0.0.1:7032']);
    expect(await metadataOf('orders')).to.have.all.keys('127.0.0.1:7031');
    await peer.leave();
  });
});
