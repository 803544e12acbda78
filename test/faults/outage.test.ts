import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'chai';
import { noop } from 'cockatiel';
import { Etcd3 } from 'etcd3';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Backend, Registration } from '../../src/core/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { KeySampler } from '../support/key-sampler.js';
import { poll } from '../support/poll.js';
import { openRawEtcd, RawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';

/** A client of etcd's that is back as soon as etcd is: it dials every 20 ms, where grpc-js would wait for seconds. */
function openImpatientEtcd(etcd: Etcd): RawEtcd {
  const client = new Etcd3({
    hosts: etcd.endpoints.map((endpoint) => `http://${endpoint}`),
    faultHandling: { host: () => noop, global: noop },
    grpcOptions: { 'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 20 },
  });
  return new RawEtcd(client);
}

/** When etcd first answers a linearizable read again: the moment from which the time limits count. */
async function firstAnswer(raw: RawEtcd): Promise<number> {
  for (;;) {
    try {
      await raw.revision();
      return performance.now();
    } catch {
      await wait(20);
    }
  }
}

describe('when etcd is killed and started again', function () {
  this.timeout(60_000);
  let etcd: Etcd;
  let raw: RawEtcd;
  let independent: RawEtcd;
  let backend: Backend;
  let registrations: Registration[];
  let recording: WatchRecording;

  beforeEach(async () => {
    etcd = await startEtcd();
    raw = openRawEtcd(etcd);
    independent = openImpatientEtcd(etcd);
    backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 5 });
    registrations = await Promise.all(['a', 'b', 'c'].map((id, index) => backend.registry.register({ service: 's', id, address: `10.0.0.1:${index + 1}` })));
    recording = new WatchRecording(backend.discovery.watch('s'));
  });

  afterEach(async () => {
    recording[Symbol.dispose]();
    await backend.close();
    raw.close();
    independent.close();
    await etcd.stop();
  });

  it('after 8 s: stale at once with every instance, live with what changed within 1 s of its first answer, nobody of ours gone', async () => {
    const other = JSON.stringify({ address: '10.0.0.2:1' });
    await raw.put('/rollcall/s/stays', other);
    await raw.put('/rollcall/s/deleted', other);
    // Its owner dies with etcd; its lease starts anew when etcd does, and then runs out.
    await raw.put('/rollcall/s/orphan', other, await raw.grant(2));
    const before = await recording.until('six', ({ instances }) => instances.length === 6);
    const states = registrations.map((registration) => new StateRecording(registration));

    const killedAt = performance.now();
    await etcd.kill();
    const stale = await recording.until('stale', ({ status }) => status === 'stale');
    expect(stale.at - killedAt).to.be.below(1_000);
    expect(stale.snapshot.instances).to.equal(before.snapshot.instances);
    expect(stale.snapshot.reason?.message).to.match(/etcd/);
    // The fault's own length.
    await wait(8_000 - (performance.now() - killedAt));
    expect(recording.last).to.equal(stale.snapshot);
    expect(registrations.map(({ state }) => state)).to.deep.equal(['recovering', 'recovering', 'recovering']);

    const answering = firstAnswer(independent);
    await etcd.members[0]!.start();
    const answered = await answering;
    const sampler = new KeySampler(raw, '/rollcall/s/');
    await Promise.all([independent.put('/rollcall/s/new', other), independent.delete('/rollcall/s/deleted')]);
    const live = await recording.until('live', ({ status }) => status === 'live');
    const changed = await recording.until('what changed', ({ instances }) => instances.some(({ id }) => id === 'new') && instances.every(({ id }) => id !== 'deleted'));
    expect(live.at - answered).to.be.below(1_000);
    expect(changed.at - answered).to.be.below(1_000);
    // What did not change is the very object it was.
    for (const instance of before.snapshot.instances) if (changed.snapshot.instances.some(({ id }) => id === instance.id)) expect(changed.snapshot.instances).to.include(instance);

    const active = await Promise.all(states.map((each) => each.until('active')));
    for (const at of active) expect(at - answered).to.be.below(2_000);
    const last = await recording.until('the end of the orphan', ({ instances }) => !instances.some(({ id }) => id === 'orphan'));
    await poll('samples beyond the two seconds', () => performance.now() - answered > 2_200);
    await sampler.stop();
    const late = sampler.samples.filter(({ at }) => at - answered > 2_000);
    expect(late).to.have.length.above(0);
    for (const id of ['a', 'b', 'c']) expect(late.every(({ keys }) => keys.has(`/rollcall/s/${id}`)), id).to.equal(true);
    expect(last.snapshot.instances.map(({ id }) => id)).to.deep.equal(['a', 'b', 'c', 'new', 'stays']);
    // Only what etcd itself removed was ever reported as removed.
    expect(recording.removed).to.deep.equal(['deleted', 'orphan']);
    expect(states.map(({ seen }) => seen.map(({ state }) => state))).to.deep.equal(Array.from({ length: 3 }, () => ['recovering', 'active']));
    for (const each of states) each[Symbol.dispose]();
  });

  it('with its data lost, everything is registered again within 2 s of its first answer', async () => {
    await recording.until('three', ({ instances }) => instances.length === 3);
    await etcd.kill();
    await etcd.members[0]!.removeData();
    const answering = firstAnswer(independent);
    await etcd.members[0]!.start();
    const answered = await answering;
    await poll('the records', async () => (await raw.list('/rollcall/s/')).length === 3);
    expect(performance.now() - answered).to.be.below(2_000);
    await Promise.all(registrations.map((registration) => new StateRecording(registration).until('active')));
    await recording.until('three, live', ({ status, instances }) => status === 'live' && instances.length === 3);
  });
});
