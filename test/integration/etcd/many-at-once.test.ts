import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import { poll } from '../../support/poll.js';
import { openRawEtcd } from '../../support/raw-etcd.js';
import { StateRecording } from '../../support/recording.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

describe('hundreds of registrations at once', function () {
  this.timeout(30_000);

  it('are written again after their lease was lost, and taken back, within what etcd takes in one transaction', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl: 60 });
    const registrations = await Promise.all(Array.from({ length: 301 }, (_, index) => backend.registry.register({ service: 's', address: `10.0.0.1:${index + 1}` })));
    // Twice, so that there is a former lease as well, which each condition names.
    for (let time = 1; time <= 2; time++) {
      const recordings = registrations.map((registration) => new StateRecording(registration));
      const [record] = await raw.list(`${prefix}/`);
      const before = BigInt(await raw.revision());
      await raw.revoke(record!.lease);
      await Promise.all(recordings.map(async (states) => states.until('recovering')));
      await Promise.all(recordings.map(async (states) => states.until('active')));
      expect(await raw.list(`${prefix}/`)).to.have.length(301);
      // The revocation, and a few transactions: the first to hear of it do not wait for the rest.
      expect(BigInt(await raw.revision()) - before <= 16n).to.equal(true);
      for (const states of recordings) states[Symbol.dispose]();
    }
    const [stays, ...go] = registrations;
    await Promise.all(go.map((registration) => registration.deregister()));
    expect((await raw.list(`${prefix}/`)).map(({ key }) => key)).to.deep.equal([`${prefix}/s/${stays!.instance.id}`]);
    await backend.close();
    raw.close();
  });

  it('that came back under our lease after they were taken away go again with the next connection; those we want stay', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl: 60 });
    const kept = await Promise.all([1, 2, 3].map((port) => backend.registry.register({ service: 's', address: `10.0.0.1:${port}` })));
    const [record] = await raw.list(`${prefix}/`);
    await Promise.all(Array.from({ length: 300 }, (_, index) => raw.put(`${prefix}/s/stray-${index}`, '{"address":"10.0.0.2:1"}', record!.lease)));
    // A new connection; nothing but a lost one makes one.
    const watch = backend.discovery.watch('s');
    const reading = watch.subscribe(() => undefined);
    etcd.members[0]!.pause();
    await poll('the member to be left', () => backend.discovery.status.state === 'stale');
    etcd.members[0]!.resume();
    await poll('the strays to be gone', async () => (await raw.list(`${prefix}/`)).length === 3);
    expect(kept.map(({ state }) => state)).to.deep.equal(['active', 'active', 'active']);
    reading[Symbol.dispose]();
    await backend.close();
    raw.close();
  });
});
