import { expect } from 'chai';

import { connectEtcd, type EtcdOptions } from '../../../src/adapters/etcd/index.js';
import type { Backend, Snapshot } from '../../../src/core/index.js';
import { type Etcd, startEtcd } from '../../support/etcd.js';
import { addUser, type EtcdUser, type Grant } from '../../support/etcd-users.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { poll } from '../../support/poll.js';
import { etcdctl, openRawEtcd, type RawEtcd } from '../../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../../support/recording.js';

const orders = { service: 'orders', id: 'a', address: '10.0.0.1:1' } as const;

/** What a role must allow, and what follows where it does not: docs/operations.md is written from these. */
describe('a role with least privilege', function () {
  this.timeout(30_000);
  let etcd: Etcd;
  let root: RawEtcd;
  let users = 0;
  const opened: Backend[] = [];

  before(async () => {
    etcd = await startEtcd({ auth: true });
    root = openRawEtcd(etcd);
  });

  after(async () => {
    root.close();
    await etcd.stop();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((backend) => backend.close()));
    await root.deletePrefix('/rollcall/');
  });

  async function connectAs(user: EtcdUser, options: Partial<EtcdOptions> = {}): Promise<Backend> {
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ...user, requestTimeout: 2, refusedRetryMax: 0.5, ...options });
    opened.push(backend);
    return backend;
  }

  const user = (...grants: readonly Grant[]): Promise<EtcdUser> => addUser(etcd, `user${++users}`, grants);
  const connectWith = async (...grants: readonly Grant[]): Promise<Backend> => connectAs(await user(...grants));

  const keys = async (prefix = '/rollcall/'): Promise<string[]> => (await root.list(prefix)).map(({ key }) => key);

  it('for one of two layouts: nothing is written in either, and the one that may not be read is named', async () => {
    const backend = await connectAs(await user(['readwrite', '/rollcall/']), { layout: ['rollcall', 'kratos'] });
    await expectRejection(backend.registry.register(orders), 'PERMISSION_DENIED');
    expect([...(await keys()), ...(await keys('/microservices/'))]).to.deep.equal([]);
    await expectRejection(backend.discovery.get('orders'), 'PERMISSION_DENIED', /no right to read \/microservices\//);
  });

  it('for one prefix: layout auto shows what may be read, and reports the rest', async () => {
    await root.put('/rollcall/orders/a', '{"address":"10.0.0.1:1"}');
    const { discovery } = await connectAs(await user(['read', '/rollcall/']), { layout: 'auto' });
    expect(await discovery.services()).to.deep.equal(['orders']);
    const { instances, skipped } = await discovery.get('orders');
    expect(instances.map(({ id }) => id)).to.deep.equal(['a']);
    expect(skipped.map(({ reason }) => reason)).to.satisfy((reasons: string[]) => reasons.length > 5 && reasons.every((reason) => reason.includes('no right to read')));
  });

  /** The first snapshot of a watch of the service. */
  async function watched({ discovery }: Backend, service: string): Promise<Snapshot> {
    using recording = new WatchRecording(discovery.watch(service));
    return (await recording.until('the first snapshot', ({ status }) => status === 'live')).snapshot;
  }

  describe('of those who only read', () => {
    it('read on <prefix>/<service>/: get and watch that service', async () => {
      await root.put('/rollcall/orders/a', '{"address":"10.0.0.1:1"}');
      const reader = await connectWith(['read', '/rollcall/orders/']);
      expect((await reader.discovery.get('orders')).instances).to.have.length(1);
      using recording = new WatchRecording(reader.discovery.watch('orders'));
      await recording.until('the instance', ({ instances }) => instances.length === 1);
      await root.delete('/rollcall/orders/a');
      await recording.until('its end', ({ instances }) => instances.length === 0);
      expect(reader.discovery.status.state).to.equal('live');
    });

    it('nothing else: neither another service, nor the list of services, nor a registration', async () => {
      const reader = await connectWith(['read', '/rollcall/orders/']);
      await expectRejection(reader.discovery.get('payments'), 'PERMISSION_DENIED', /permission denied/);
      await expectRejection(reader.discovery.services(), 'PERMISSION_DENIED', /permission denied/);
      await expectRejection(reader.registry.register(orders), 'PERMISSION_DENIED', /permission denied/);
      const watch = reader.discovery.watch('payments');
      const reading = watch.subscribe(() => undefined);
      await poll('the reason', () => watch.trouble?.code === 'PERMISSION_DENIED');
      expect(watch.trouble!.message).to.match(/permission denied/);
      expect(watch.current).to.equal(undefined);
      reading[Symbol.dispose]();
      expect(await keys()).to.deep.equal([]);
    });

    it('a service whose name only begins alike is another one', async () => {
      const reader = await connectWith(['read', '/rollcall/orders/']);
      await expectRejection(reader.discovery.get('orders-v2'), 'PERMISSION_DENIED');
    });

    it('read on <prefix>/: every service, and the list of them', async () => {
      await root.put('/rollcall/orders/a', '{"address":"10.0.0.1:1"}');
      await root.put('/rollcall/payments/a', '{"address":"10.0.0.1:2"}');
      const reader = await connectWith(['read', '/rollcall/']);
      expect(await reader.discovery.services()).to.deep.equal(['orders', 'payments']);
      expect((await watched(reader, 'payments')).instances).to.have.length(1);
      await expectRejection(reader.registry.register(orders), 'PERMISSION_DENIED');
    });

    it('the right that is given later is enough: a watch that was refused becomes live', async () => {
      const someone = await user(['read', '/rollcall/orders/']);
      const reader = await connectAs(someone);
      const watch = reader.discovery.watch('payments');
      using recording = new WatchRecording(watch);
      await poll('the refusal', () => watch.trouble?.code === 'PERMISSION_DENIED');
      await etcdctl(etcd, ['role', 'grant-permission', someone.username, '--prefix=true', 'read', '/rollcall/payments/']);
      await recording.until('live', ({ status }) => status === 'live');
    });
  });

  describe('of those who register', () => {
    it('readwrite on <prefix>/<service>/: register, update, be superseded, come back, deregister; leases need no right', async () => {
      const mine = ['readwrite', '/rollcall/orders/'] as const;
      const owner = await connectWith(mine);
      const registration = await owner.registry.register(orders);
      const second = await owner.registry.register({ ...orders, id: 'b', address: '10.0.0.1:2' });
      using states = new StateRecording(registration);
      await registration.update({ weight: 7 });
      expect(String((await root.get('/rollcall/orders/a'))!.value)).to.match(/"weight":7/);

      // The lease is revoked by an operator: another is granted, everything written again.
      await root.revoke((await root.get('/rollcall/orders/a'))!.lease);
      await poll('both again', async () => (await keys()).length === 2);
      await states.until('active');
      // The record is removed by an operator.
      await root.delete('/rollcall/orders/a');
      await poll('both again', async () => (await keys()).length === 2);
      await second.deregister();
      expect(await keys()).to.deep.equal(['/rollcall/orders/a']);

      const newer = await connectWith(mine);
      await newer.registry.register(orders);
      await states.until('superseded');
      await newer.close();
      await owner.close();
      expect(await keys()).to.deep.equal([]);
      expect(await root.leases()).to.deep.equal([]);
    });

    it('no other service: neither to register there, nor to touch what others have there', async () => {
      const owner = await connectWith(['readwrite', '/rollcall/orders/']);
      const other = await connectWith(['readwrite', '/rollcall/payments/']);
      await other.registry.register({ ...orders, service: 'payments' });
      const [record] = await root.list('/rollcall/payments/');
      await expectRejection(owner.registry.register({ ...orders, service: 'payments' }), 'PERMISSION_DENIED', /permission denied/);
      await expectRejection(owner.discovery.get('payments'), 'PERMISSION_DENIED');
      await owner.close();
      expect((await root.list('/rollcall/payments/')).map(({ modRevision }) => modRevision)).to.deep.equal([record!.modRevision]);
    });

    it('one who is refused for one service keeps what it has in another', async () => {
      const owner = await connectWith(['readwrite', '/rollcall/orders/']);
      const registration = await owner.registry.register(orders);
      await expectRejection(owner.registry.register({ ...orders, service: 'payments' }), 'PERMISSION_DENIED');
      expect(registration.state).to.equal('active');
      expect(await keys()).to.deep.equal(['/rollcall/orders/a']);
    });

    it('write without read is not enough: whoever asks a transaction under a condition reads, and all but our first write have one', async () => {
      const writing = await user(['write', '/rollcall/orders/']);
      const owner = await connectAs(writing);
      const registration = await owner.registry.register(orders);
      expect(await keys()).to.deep.equal(['/rollcall/orders/a']);
      await expectRejection(owner.discovery.get('orders'), 'PERMISSION_DENIED');
      // Asked of etcd itself: ours stand inside another transaction, where older versions forget to check (GHSA-rfx7-8w68-q57q).
      const raw = openRawEtcd(etcd, { user: writing });
      expect(await refusal(putIfAbsent(raw, '/rollcall/orders/b'))).to.match(/permission denied/);
      raw.close();
      // The last registration is taken back with its lease, which needs the right to write its keys and no other.
      await registration.deregister();
      expect(await keys()).to.deep.equal([]);
    });

    it('the right that is given later is enough, without connecting again', async () => {
      const someone = await user(['read', '/rollcall/orders/']);
      const owner = await connectAs(someone);
      await expectRejection(owner.registry.register(orders), 'PERMISSION_DENIED');
      await etcdctl(etcd, ['role', 'grant-permission', someone.username, '--prefix=true', 'readwrite', '/rollcall/orders/']);
      await owner.registry.register(orders);
      expect(await keys()).to.deep.equal(['/rollcall/orders/a']);
      expect(owner.registry.status.counters.reconnects).to.equal(0);
    });
  });

  describe('of any user at all: what etcd allows with leases', () => {
    it('grant, keep alive, look at and list any; revoke, or put under it, only with the right to write every key that stands there', async () => {
      const owner = await connectWith(['readwrite', '/rollcall/orders/']);
      await owner.registry.register(orders);
      const { lease } = (await root.get('/rollcall/orders/a'))!;
      const nobody = openRawEtcd(etcd, { user: await user() });
      const neighbour = openRawEtcd(etcd, { user: await user(['readwrite', '/rollcall/payments/']) });
      try {
        expect(await nobody.leases()).to.include(lease);
        await nobody.revoke(await nobody.grant(60));
        expect(await pinged(nobody, lease)).to.equal('5');
        for (const stranger of [nobody, neighbour]) expect(await refusal(stranger.revoke(lease))).to.match(/permission denied/);
        expect(await refusal(neighbour.put('/rollcall/payments/a', 'v', lease))).to.match(/permission denied/);
        expect(await keys()).to.deep.equal(['/rollcall/orders/a']);
      } finally {
        nobody.close();
        neighbour.close();
      }
    });
  });
});

/** What it was refused with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error as Error).message,
  );
}

function putIfAbsent({ client }: RawEtcd, key: string): Promise<unknown> {
  return client.kv.txn({
    compare: [{ key: Buffer.from(key), target: 'Version', result: 'Equal', version: 0 }],
    success: [{ request_put: { key: Buffer.from(key), value: Buffer.from('v') } }],
    failure: [],
  });
}

/** The TTL that etcd answers the ping of a lease with. */
async function pinged({ client }: RawEtcd, lease: string): Promise<string> {
  const stream = await client.leaseClient.leaseKeepAlive();
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ TTL }) => {
      stream.end();
      resolve(TTL);
    });
    stream.write({ ID: lease });
  });
}
