import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Backend } from '../../src/core/index.js';
import { startProxy } from '../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

describe('closing and giving up in the middle of something', function () {
  this.timeout(20_000);
  let prefix: string;
  let raw: RawEtcd;
  let backend: Backend;

  beforeEach(async () => {
    const etcd = await sharedEtcd();
    prefix = ownPrefix();
    raw = openRawEtcd(etcd);
    backend = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl: 60 });
  });

  afterEach(async () => {
    await backend.close();
    raw.close();
  });

  it('close during a removal takes the other records away as well, at once and not with their TTL', async () => {
    const [first] = await Promise.all([1, 2].map((port) => backend.registry.register({ service: 's', address: `10.0.0.1:${port}` })));
    const deregistering = first!.deregister();
    await backend.registry.close();
    await deregistering;
    expect(await raw.list(`${prefix}/`)).to.deep.equal([]);
  });

  it('close during a write leaves nothing behind', async () => {
    const registration = await backend.registry.register({ service: 's', address: '10.0.0.1:1' });
    const updating = registration.update({ weight: 5 }).catch((error: unknown) => error);
    const registering = backend.registry.register({ service: 's', address: '10.0.0.1:2' }).catch((error: unknown) => error);
    await backend.close();
    expect(await updating).to.have.property('code', 'CLOSED');
    expect(await registering).to.have.property('code', 'CLOSED');
    expect(await raw.list(`${prefix}/`)).to.deep.equal([]);
  });

  it('close right after the connection was cut still takes the records away', async () => {
    const etcd = await sharedEtcd();
    const proxy = await startProxy(etcd.endpoints[0]!);
    const cut = await connectEtcd({ endpoints: [proxy.address], prefix, ttl: 60 });
    await cut.registry.register({ service: 's', address: '10.0.0.1:1' });
    proxy.cutOnce();
    await cut.close();
    expect(await raw.list(`${prefix}/`)).to.deep.equal([]);
    await proxy.close();
  });

  it('one caller who gives up disturbs nobody else', async () => {
    const recording = new WatchRecording(backend.discovery.watch('other'));
    await recording.until('the first snapshot', () => true);
    const controller = new AbortController();
    const getting = backend.discovery.get('s', { signal: controller.signal }).catch((error: unknown) => error);
    setImmediate(() => controller.abort());
    expect(await getting).to.have.property('code', 'ABORTED');
    // The connection that both share is still the same one: what comes over it arrives, and nothing went stale.
    await backend.registry.register({ service: 'other', address: '10.0.0.1:1' });
    await recording.until('the instance', ({ instances }) => instances.length === 1);
    expect(recording.seen.map(({ snapshot }) => snapshot.status)).to.not.include('stale');
    recording[Symbol.dispose]();
  });

  it('the last registration of a TTL takes its lease along', async () => {
    const before = await raw.leases();
    const registration = await backend.registry.register({ service: 's', address: '10.0.0.1:1' });
    expect(await raw.leases()).to.have.length(before.length + 1);
    await registration.deregister();
    expect(await raw.leases()).to.have.length(before.length);
    await backend.registry.register({ service: 's', address: '10.0.0.1:1' });
    expect(await raw.list(`${prefix}/s/`)).to.have.length(1);
  });
});

describe('many large records', () => {
  it('are written again after their lease was lost, in requests that etcd takes', async function () {
    this.timeout(30_000);
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl: 60 });
    const registrations = await Promise.all(
      Array.from({ length: 40 }, (_, index) => backend.registry.register({ service: 's', address: `10.0.0.1:${index + 1}`, metadata: { blob: 'x'.repeat(50_000) } })),
    );
    const back = registrations.map(async (registration) => {
      using states = new StateRecording(registration);
      await states.until('recovering');
      await states.until('active');
    });
    const [record] = await raw.list(`${prefix}/s/`);
    await raw.revoke(record!.lease);
    await Promise.all(back);
    expect(await raw.list(`${prefix}/s/`)).to.have.length(40);
    await backend.close();
    raw.close();
  });
});
