import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Registration, RegistrationState, Snapshot, Watch } from '../../src/core/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { poll } from '../support/poll.js';
import { openRawEtcd } from '../support/raw-etcd.js';

function next(watch: Watch, what: string, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited 15 s for ${what}`)), 15_000);
    const reading = watch.subscribe((snapshot) => {
      if (!wanted(snapshot)) return;
      clearTimeout(timer);
      reading[Symbol.dispose]();
      resolve(snapshot);
    });
  });
}

function entering(registration: Registration, wanted: RegistrationState): Promise<void> {
  if (registration.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = registration.subscribe((state) => {
      if (state !== wanted) return;
      listening[Symbol.dispose]();
      resolve();
    });
  });
}

describe('when etcd is killed and started again', function () {
  this.timeout(60_000);
  let etcd: Etcd;

  beforeEach(async () => {
    etcd = await startEtcd();
  });

  afterEach(() => etcd.stop());

  it('snapshots go stale with every instance in them, and are live again with what changed; registrations stay', async () => {
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 5 });
    const raw = openRawEtcd(etcd);
    const registration = await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
    const watch = backend.discovery.watch('s');
    const seen: Snapshot[] = [];
    watch.subscribe((snapshot) => seen.push(snapshot));
    const before = await next(watch, 'the instance', ({ instances }) => instances.length === 1);

    await etcd.kill();
    const stale = await next(watch, 'stale', ({ status }) => status === 'stale');
    expect(stale.instances).to.equal(before.instances);
    expect(stale.reason?.message).to.match(/etcd/);

    await etcd.restart();
    const live = await next(watch, 'live', ({ status }) => status === 'live');
    expect(live.instances[0]).to.equal(before.instances[0]);
    await entering(registration, 'active');
    expect(await raw.list('/rollcall/')).to.have.length(1);
    // Nothing but the two changes of status was told: no instance was ever reported gone.
    expect(seen.flatMap(({ removed }) => removed)).to.deep.equal([]);
    await backend.close();
    expect(await raw.list('/rollcall/')).to.have.length(0);
    raw.close();
  });

  for (const what of ['update', 'deregister'] as const) {
    it(`${what} says that etcd cannot be reached, and why, when it is the first to find out`, async () => {
      const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 5, requestTimeout: 1 });
      const registration = await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
      await etcd.kill();
      const error: unknown = await (what === 'update' ? registration.update({ weight: 7 }) : registration.deregister()).catch((cause: unknown) => cause);
      expect(error).to.include({ code: 'UNAVAILABLE', retryable: true });
      expect((error as Error).message).to.match(/ECONNREFUSED|dropped|reset/i).and.not.match(/Resolution note/);
      expect((error as Error).cause).to.be.instanceOf(Error);
      await backend.close();
    });
  }

  it('with its data lost, everything is registered again', async () => {
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 5 });
    const raw = openRawEtcd(etcd);
    const registrations = await Promise.all([1, 2, 3].map((port) => backend.registry.register({ service: 's', address: `127.0.0.1:${port}` })));
    const watch = backend.discovery.watch('s');
    await next(watch, 'three', ({ instances }) => instances.length === 3);
    await etcd.kill();
    await etcd.restart({ wipe: true });
    await poll('the records', async () => (await raw.list('/rollcall/s/')).length === 3);
    await next(watch, 'three, live', ({ status, instances }) => status === 'live' && instances.length === 3);
    await Promise.all(registrations.map((registration) => entering(registration, 'active')));
    await backend.close();
    raw.close();
  });

  it('a connection opened while it was down is usable once it is up', async () => {
    await etcd.kill();
    const connecting = connectEtcd({ endpoints: etcd.endpoints, waitForReady: true });
    await etcd.restart();
    const backend = await connecting;
    await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
    expect((await backend.discovery.get('s')).instances).to.have.length(1);
    await backend.close();
  });
});

describe('when a lease is revoked by an operator', () => {
  it('the registration is written again at once, and its handle shows it', async () => {
    const etcd = await startEtcd();
    try {
      const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 60 });
      const raw = openRawEtcd(etcd);
      const registration = await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
      const states: RegistrationState[] = [];
      registration.subscribe((state) => states.push(state));
      const back = entering(registration, 'recovering').then(() => entering(registration, 'active'));
      const [lease] = await raw.leases();
      await raw.revoke(lease!);
      await back;
      expect(states).to.deep.equal(['recovering', 'active']);
      expect(await raw.list('/rollcall/')).to.have.length(1);
      expect(await raw.leases()).to.not.include(lease);
      await backend.close();
      raw.close();
    } finally {
      await etcd.stop();
    }
  });
});
