import { expect } from 'chai';

import { connectEtcd, type EtcdOptions } from '../../../src/adapters/etcd/index.js';
import { type Backend, recordLayout, type Registration, type Snapshot } from '../../../src/core/index.js';
import { poll } from '../../support/poll.js';
import { openRawEtcd, type RawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

const init = { service: 'orders', id: 'a', address: '10.0.0.1:8000' };

describe('several layouts at once', function () {
  this.timeout(20_000);
  let prefix: string;
  let raw: RawEtcd;
  let backends: Backend[];

  const connect = async (options: Partial<EtcdOptions>): Promise<Backend> => {
    const backend = await connectEtcd({ endpoints: (await sharedEtcd()).endpoints, ttl: 5, ...options });
    backends.push(backend);
    return backend;
  };
  const both = (): Partial<EtcdOptions> => ({ layout: ['rollcall', 'kratos'], prefix: [`${prefix}/own`, `${prefix}/kratos`] });
  const own = (): string => `${prefix}/own/orders/a`;
  const kratos = (): string => `${prefix}/kratos/orders/a`;
  const shown = ({ instances }: Snapshot): string[] => instances.map((each) => `${each.id} ${each.address} ${recordLayout(each)}`);

  beforeEach(async () => {
    prefix = ownPrefix();
    backends = [];
    raw = openRawEtcd(await sharedEtcd());
  });

  afterEach(async () => {
    await Promise.all(backends.map((backend) => backend.close()));
    await raw.deletePrefix(`${prefix}/`);
    raw.close();
  });

  it('are written in one transaction under one lease, updated in one, and removed together', async () => {
    const { registry } = await connect(both());
    const registration = await registry.register({ ...init, version: '1' });
    const written = await Promise.all([own(), kratos()].map((key) => raw.get(key)));
    expect(new Set(written.map((record) => record?.modRevision))).to.have.property('size', 1);
    expect(new Set(written.map((record) => record?.lease))).to.have.property('size', 1);
    expect(written[0]?.lease).to.match(/^[1-9]\d+$/);
    expect(JSON.parse(written[1]!.value.toString())).to.deep.include({ id: 'a', name: 'orders', version: '1', endpoints: ['grpc://10.0.0.1:8000'] });

    await registration.update({ version: '2' });
    const updated = await Promise.all([own(), kratos()].map((key) => raw.get(key)));
    expect(updated.map((record) => (JSON.parse(record!.value.toString()) as { version: string }).version)).to.deep.equal(['2', '2']);
    expect(new Set(updated.map((record) => record?.modRevision))).to.have.property('size', 1);

    // Another one keeps the lease, so that these two are removed by themselves.
    await registry.register({ service: 'other', address: '10.0.0.2:1' });
    await registration.deregister();
    expect(await Promise.all([own(), kratos()].map((key) => raw.get(key)))).to.deep.equal([undefined, undefined]);
    expect(await raw.list(`${prefix}/`)).to.have.length(2);
  });

  it('are refused as a whole where one of them cannot carry something, and written without it where the user lets it go', async () => {
    const { registry } = await connect(both());
    const refused: unknown = await registry.register({ ...init, zone: 'z' }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'INVALID_INSTANCE');
    expect((refused as Error).message).to.match(/layout kratos cannot carry zone;.*drop=zone/);
    expect(await raw.list(`${prefix}/`)).to.deep.equal([]);

    const letting = await connect({ ...both(), drop: 'zone' });
    const registration = await letting.registry.register({ ...init, zone: 'z' });
    expect(registration.instance).to.include({ zone: 'z' });
    expect((await raw.get(own()))?.value.toString()).to.include('"zone":"z"');
    expect((await raw.get(kratos()))?.value.toString()).not.to.include('zone');
    // Whoever reads both sees the richer one.
    expect((await letting.discovery.get('orders')).instances).to.deep.equal([registration.instance]);
  });

  it('are one instance to whoever reads both, without a moment in which it is two or a poorer one', async () => {
    const { registry, discovery } = await connect({ ...both(), drop: 'zone' });
    const watch = discovery.watch('orders');
    const seen: Snapshot[] = [];
    watch.subscribe((snapshot) => seen.push(snapshot));
    await poll('the empty list', () => seen.length > 0);
    const registration = await registry.register({ ...init, zone: 'z' });
    await poll('it is there', () => seen.at(-1)!.instances.length === 1);
    await registration.update({ weight: 7 });
    await poll('its weight', () => seen.at(-1)!.instances[0]?.weight === 7);
    await registration.deregister();
    await poll('it is gone', () => seen.at(-1)!.instances.length === 0);
    expect(seen.map(({ instances }) => instances.map(({ id, zone }) => `${id} ${zone}`))).to.deep.equal([[], ['a z'], ['a z'], []]);
    watch.close();
  });

  it('go together where a newer owner takes one of them', async () => {
    const { registry } = await connect(both());
    const registration = await registry.register(init);
    const other = await registry.register({ service: 'other', address: '10.0.0.2:1' });
    // One of the old world only.
    const successor = await connect({ layout: 'kratos', prefix: `${prefix}/kratos` });
    await successor.registry.register({ ...init, address: '10.0.0.9:8000' });
    await poll('it is superseded', () => registration.state === 'superseded');
    await poll('its other record is gone', async () => (await raw.get(own())) === undefined);
    expect((await raw.get(kratos()))?.value.toString()).to.include('10.0.0.9:8000');
    expect(other.state).to.equal('active');
  });

  it('are all written again, in one transaction, where one is removed', async () => {
    const { registry } = await connect(both());
    const registration = await registry.register(init);
    const before = (await raw.get(own()))!.modRevision;
    await raw.delete(kratos());
    await poll('both are newer', async () => {
      const records = await Promise.all([own(), kratos()].map((key) => raw.get(key)));
      return records.every((record) => record !== undefined && record.modRevision !== before) && records[0]!.modRevision === records[1]!.modRevision;
    });
    await poll('it is active', () => registration.state === 'active');
  });

  it('are all written again under a new lease where the lease is lost', async () => {
    const { registry } = await connect(both());
    const registration = await registry.register(init);
    const { lease } = (await raw.get(own()))!;
    await raw.revoke(lease);
    await poll('both stand under another', async () => {
      const records = await Promise.all([own(), kratos()].map((key) => raw.get(key)));
      return records.every((record) => record !== undefined && record.lease !== lease && record.lease !== '0');
    });
    await poll('it is active', () => registration.state === 'active');
  });

  it('are read from several prefixes, the newest record of an address winning', async () => {
    const old = await connect({ layout: 'kratos', prefix: `${prefix}/kratos` });
    const fresh = await connect({ prefix: `${prefix}/own` });
    const reader = await connect(both());
    await old.registry.register({ service: 'orders', id: 'old-a', address: '10.0.0.1:8000', version: '1' });
    await old.registry.register({ service: 'orders', id: 'old-b', address: '10.0.0.2:8000', version: '1' });
    const moved = await fresh.registry.register({ service: 'orders', id: 'new-a', address: '10.0.0.1:8000', version: '2' });
    expect(shown(await reader.discovery.get('orders'))).to.deep.equal(['new-a 10.0.0.1:8000 rollcall', 'old-b 10.0.0.2:8000 kratos']);
    await moved.deregister();
    expect(shown(await reader.discovery.get('orders'))).to.deep.equal(['old-a 10.0.0.1:8000 kratos', 'old-b 10.0.0.2:8000 kratos']);
    expect(await reader.discovery.services()).to.deep.equal(['orders']);
  });

  it('refuse a record that the escapes of one layout make too long for its readers', async () => {
    const { registry } = await connect(both());
    const refused: unknown = await registry.register({ ...init, metadata: { note: '<'.repeat(12_000) } }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'RECORD_TOO_LARGE');
    expect((refused as Error).message).to.match(/in layout kratos .* has \d+ bytes/);
    expect(await raw.list(`${prefix}/`)).to.deep.equal([]);
  });

  it('keep two instances from one key also where they have different TTLs', async () => {
    const { registry } = await connect({ layout: 'plain', prefix, drop: 'id' });
    const first = await registry.register({ ...init, id: 'a' }, { ttl: 5 });
    const refused: unknown = await registry.register({ ...init, id: 'b' }, { ttl: 10 }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'INVALID_INSTANCE');
    expect(first.state).to.equal('active');
  });

  it('refuse to register where the layout is only for reading', async () => {
    const { registry } = await connect({ layout: 'auto', prefix });
    const refused: unknown = await registry.register(init).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'INVALID_CONFIG');
    expect((refused as Error).message).to.match(/layout auto is for reading.*layout=rollcall,kratos/);
  });

  describe('a key that holds the lease', () => {
    const goZero = (): Partial<EtcdOptions> => ({ layout: 'go-zero', prefix });
    const keys = async (): Promise<string[]> => (await raw.list(`${prefix}/`)).map(({ key }) => key);

    it('is another one after the lease was lost, and the instance stays the same to a watcher', async () => {
      const { registry, discovery } = await connect(goZero());
      const registration: Registration = await registry.register({ service: 'user.rpc', address: '10.0.0.1:8080' });
      const [record] = await raw.list(`${prefix}/`);
      expect(record).to.deep.include({ key: `${prefix}/user.rpc/${record!.lease}`, value: Buffer.from('10.0.0.1:8080') });
      const watch = discovery.watch('user.rpc');
      const seen: number[] = [];
      watch.subscribe(({ instances }) => seen.push(instances.length));
      await poll('the instance', () => seen.at(-1) === 1);
      await raw.revoke(record!.lease);
      await poll('another key', async () => (await keys()).length === 1 && (await keys())[0] !== record!.key);
      const [again] = await raw.list(`${prefix}/`);
      expect(again).to.deep.include({ key: `${prefix}/user.rpc/${again!.lease}`, value: Buffer.from('10.0.0.1:8080') });
      await poll('it is active', () => registration.state === 'active');
      await poll('it is seen again', () => seen.at(-1) === 1);
      expect(Math.max(...seen), 'instances at a time').to.equal(1);
      await registration.deregister();
      expect(await keys()).to.deep.equal([]);
      watch.close();
    });

    it('that another program left until its lease runs out is no second instance', async () => {
      const { discovery } = await connect(goZero());
      await raw.put(`${prefix}/user.rpc/7587895424378014726`, '10.0.0.1:8080');
      await raw.put(`${prefix}/user.rpc/7587895424378014999`, '10.0.0.1:8080');
      expect((await discovery.get('user.rpc')).instances.map(({ address }) => address)).to.deep.equal(['10.0.0.1:8080']);
    });

    it('takes one instance of a service only, unless they have ids', async () => {
      const { registry, discovery } = await connect(goZero());
      await registry.register({ service: 'user.rpc', address: '10.0.0.1:8080' });
      const refused: unknown = await registry.register({ service: 'user.rpc', address: '10.0.0.2:8080' }).catch((error: unknown) => error);
      expect(refused).to.have.property('code', 'INVALID_INSTANCE');
      expect((refused as Error).message).to.match(/another instance of this registry.*give each an id/);
      await registry.register({ service: 'user.rpc', address: '10.0.0.2:8080', id: '2' });
      expect((await discovery.get('user.rpc')).instances.map(({ id }) => id)).to.deep.equal(['10.0.0.1:8080', '2']);
    });
  });
});
