import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import { recordRevision } from '../../../src/core/record-revision.js';
import type { Snapshot } from '../../../src/core/snapshot.js';
import { etcdctl, openRawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

describe('what stands in etcd', () => {
  it('layout plain: /grpclb/simple_grpc/localhost:8000 → localhost:8000, byte for byte, under a lease of the TTL', async () => {
    const etcd = await sharedEtcd();
    const raw = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix: '/grpclb', layout: 'plain', ttl: 7 });
    try {
      await backend.registry.register({ service: 'simple_grpc', address: 'localhost:8000' });
      const [record] = await raw.list('/grpclb/');
      expect(record).to.deep.include({ key: '/grpclb/simple_grpc/localhost:8000', value: Buffer.from('localhost:8000') });
      expect(await raw.lease(record!.lease)).to.deep.include({ granted: 7, keys: ['/grpclb/simple_grpc/localhost:8000'] });
      expect((await etcdctl(etcd, ['get', '--prefix', '/grpclb'])).toString()).to.equal('/grpclb/simple_grpc/localhost:8000\nlocalhost:8000\n');
    } finally {
      await backend.close();
      raw.close();
    }
  });

  it('layout plain: finds what another program wrote in that form, also without a lease', async () => {
    const etcd = await sharedEtcd();
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix: '/other', layout: 'plain' });
    await etcdctl(etcd, ['put', '/other/simple_grpc/10.0.0.9:8000', '10.0.0.9:8000']);
    expect((await backend.discovery.get('simple_grpc')).instances.map(({ address }) => address)).to.deep.equal(['10.0.0.9:8000']);
    await etcdctl(etcd, ['del', '--prefix', '/other']);
    await backend.close();
  });

  it('native layout: a record is one readable JSON object, and one written by hand is found', async () => {
    const etcd = await sharedEtcd();
    const prefix = ownPrefix();
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix });
    await backend.registry.register({ service: 'orders', id: 'a', address: '10.0.0.1:8000', version: '1.2.3', metadata: { lane: 'blue' } });
    expect(JSON.parse((await etcdctl(etcd, ['get', '--print-value-only', `${prefix}/orders/a`])).toString())).to.deep.equal({
      address: '10.0.0.1:8000',
      weight: 100,
      version: '1.2.3',
      metadata: { lane: 'blue' },
    });
    await etcdctl(etcd, ['put', `${prefix}/orders/by-hand`, '{"address":"10.0.0.2:8000"}']);
    expect((await backend.discovery.get('orders')).instances.map(({ id }) => id)).to.deep.equal(['a', 'by-hand']);
    await etcdctl(etcd, ['del', '--prefix', prefix]);
    await backend.close();
  });

  it('a record tells at which revision it was written last, from a list and from a watch', async () => {
    const etcd = await sharedEtcd();
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix: ownPrefix() });
    const watch = backend.discovery.watch('orders');
    const seen: Snapshot[] = [];
    const complete = new Promise<void>((resolve) => {
      watch.subscribe((snapshot) => {
        seen.push(snapshot);
        if (snapshot.instances.length === 2 && snapshot.instances[0]?.weight === 7) resolve();
      });
    });
    const older = await backend.registry.register({ service: 'orders', id: 'a', address: '10.0.0.1:8000' });
    await backend.registry.register({ service: 'orders', id: 'b', address: '10.0.0.1:8000' });
    const newest = async (): Promise<string | undefined> => {
      const { instances } = await backend.discovery.get('orders');
      return [...instances].sort((x, y) => Number(BigInt(recordRevision(y)!) - BigInt(recordRevision(x)!)))[0]?.id;
    };
    expect(await newest()).to.equal('b');
    await older.update({ weight: 7 });
    expect(await newest()).to.equal('a');
    await complete;
    const listed = (await backend.discovery.get('orders')).instances.map(recordRevision);
    expect(seen.at(-1)!.instances.map(recordRevision)).to.deep.equal(listed);
    watch.close();
    await backend.close();
  });

  it('a prefix of several segments keeps to itself', async () => {
    const etcd = await sharedEtcd();
    const prefix = ownPrefix();
    const outer = await connectEtcd({ endpoints: etcd.endpoints, prefix });
    const inner = await connectEtcd({ endpoints: etcd.endpoints, prefix: `${prefix}/team/blue` });
    await inner.registry.register({ service: 'orders', address: '10.0.0.1:8000' });
    expect(await inner.discovery.services()).to.deep.equal(['orders']);
    expect((await outer.discovery.get('orders')).instances).to.deep.equal([]);
    await Promise.all([inner.close(), outer.close()]);
  });
});
