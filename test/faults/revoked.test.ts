import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import { poll } from '../support/poll.js';
import { etcdctl, openRawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

describe('when an operator revokes a lease with etcdctl', () => {
  it('its registrations are written again within 1 s and their handles show it; others do not notice', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const owner = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl: 5 });
    const revoked = await Promise.all([1, 2, 3].map((port) => owner.registry.register({ service: 's', id: `i${port}`, address: `10.0.0.1:${port}` })));
    const unharmed = await owner.registry.register({ service: 's', id: 'other', address: '10.0.0.1:4' }, { ttl: 60 });
    const states = [...revoked, unharmed].map((registration) => new StateRecording(registration));
    // A reader on a connection of its own, as clients are.
    const reader = await connectEtcd({ endpoints: etcd.endpoints, prefix });
    const recording = new WatchRecording(reader.discovery.watch('s'));
    await recording.until('four', ({ instances }) => instances.length === 4);
    const { lease } = (await raw.get(`${prefix}/s/i1`))!;

    const revokedAt = performance.now();
    await etcdctl(etcd, ['lease', 'revoke', BigInt(lease).toString(16)]);
    await poll('the records', async () => (await raw.list(`${prefix}/s/`)).length === 4);
    expect(performance.now() - revokedAt).to.be.below(1_000);

    for (const each of states.slice(0, 3)) await each.until('active');
    expect(states.map(({ seen }) => seen.map(({ state }) => state))).to.deep.equal([...Array.from({ length: 3 }, () => ['recovering', 'active']), []]);
    const again = await raw.list(`${prefix}/s/i`);
    expect(new Set(again.map((record) => record.lease))).to.have.property('size', 1);
    expect(again[0]!.lease).to.not.equal(lease);
    expect(await raw.leases()).to.not.include(lease);
    // What was gone for a moment came back; who was not under the lease was never gone.
    const last = await recording.until('four again', ({ instances, revision }) => instances.length === 4 && BigInt(revision) >= BigInt(again[0]!.modRevision));
    expect(last.snapshot.status).to.equal('live');
    expect(recording.removed).to.not.include('other');

    for (const each of states) each[Symbol.dispose]();
    recording[Symbol.dispose]();
    await Promise.all([owner.close(), reader.close()]);
    raw.close();
  });
});
