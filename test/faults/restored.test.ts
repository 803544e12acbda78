import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Backend, Snapshot } from '../../src/core/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { restoreSnapshot, type RestoreOptions, saveSnapshot } from '../support/etcd-snapshot.js';
import { fakeLogger } from '../support/fake-logger.js';
import { poll } from '../support/poll.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';

const ttl = 5;

/** How long everything may take to be as it should once etcd answers again, in milliseconds. */
const patience = 3_000;

const ids = ({ instances }: Snapshot): string => instances.map(({ id }) => id).join();

for (const { what, ...restore } of [{ what: 'with the same cluster id' }, { what: 'as another cluster', clusterToken: 'from-the-backup' }] as const) {
  describe(`when etcd is restored from an older backup, ${what}`, function () {
    this.timeout(30_000);
    let etcd: Etcd;
    let raw: RawEtcd;
    let proxy: Proxy;
    let owner: Backend;
    const opened: Backend[] = [];

    beforeEach(async () => {
      etcd = await startEtcd();
      raw = openRawEtcd(etcd);
      proxy = await startProxy(etcd.endpoints[0]!);
      owner = await open();
      // What is ours stands beside it under the same lease, and keeps that lease alive.
      await owner.registry.register({ service: 'orders', id: 'stays', address: '10.0.0.1:1' });
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((backend) => backend.close()));
      raw.close();
      await proxy.close();
      await etcd.stop();
    });

    async function open(logger = fakeLogger()): Promise<Backend> {
      const backend = await connectEtcd({ endpoints: [proxy.address], ttl }, { logger });
      opened.push(backend);
      return backend;
    }

    /** Lets the store grow a good deal older than the backup, then goes back to that; resolves with when etcd answered again. */
    async function goBackTo(file: string, options: RestoreOptions = restore): Promise<number> {
      for (let i = 0; i < 50; i++) await raw.put('/noise', String(i));
      const before = await headerOf(raw);
      await restoreSnapshot(etcd, file, options);
      await etcd.restart();
      const answered = performance.now();
      const after = await poll('a read', () => headerOf(raw));
      expect(after.cluster_id === before.cluster_id, 'the same cluster id').to.equal(options.clusterToken === undefined);
      expect(BigInt(before.revision) - BigInt(after.revision) > 25n, 'a revision far lower than before').to.equal(true);
      return answered;
    }

    it('it is noticed, told once, and a client that only reads shows what is there now', async () => {
      const logger = fakeLogger();
      const reader = await open(logger);
      using recording = new WatchRecording(reader.discovery.watch('payments'));
      await raw.put('/rollcall/payments/old', '{"address":"10.0.0.2:1"}');
      await raw.put('/rollcall/payments/left', '{"address":"10.0.0.2:2"}');
      const backup = await saveSnapshot(etcd);
      await raw.delete('/rollcall/payments/left');
      await raw.put('/rollcall/payments/new', '{"address":"10.0.0.2:3"}');
      await recording.until('the newer history', (snapshot) => ids(snapshot) === 'new,old');

      const answered = await goBackTo(backup);
      const { at } = await recording.until('what the backup holds', (snapshot) => snapshot.status === 'live' && ids(snapshot) === 'left,old');
      expect(at - answered).to.be.below(patience);
      expect(reader.discovery.status.counters.historyChanges).to.equal(1);
      expect(logger.warn.args.filter(([, message]) => message.includes('history'))).to.have.length(1);
      // And it goes on from there: what happens in the restored history arrives.
      await raw.delete('/rollcall/payments/left');
      await recording.until('a change in the restored history', (snapshot) => snapshot.status === 'live' && ids(snapshot) === 'old');
      expect(reader.discovery.status.counters.historyChanges).to.equal(1);
    });

    it('registrations that the backup did not have are written again, and the others as they were last', async () => {
      const changed = await owner.registry.register({ service: 'orders', id: 'changed', address: '10.0.0.1:2', weight: 1 });
      const backup = await saveSnapshot(etcd);
      await changed.update({ weight: 7 });
      const added = await owner.registry.register({ service: 'orders', id: 'added', address: '10.0.0.1:3' });
      const reader = await open();
      using recording = new WatchRecording(reader.discovery.watch('orders'));
      await recording.until('all three', (snapshot) => ids(snapshot) === 'added,changed,stays');

      const answered = await goBackTo(backup);
      const asBefore = (snapshot: Snapshot): boolean => ids(snapshot) === 'added,changed,stays' && snapshot.instances[1]!.weight === 7;
      await poll('all three in etcd, as they were last', async () => {
        const records = await raw.list('/rollcall/orders/');
        return records.length === 3 && (JSON.parse(String(records[1]!.value)) as { weight: number }).weight === 7;
      });
      expect(performance.now() - answered).to.be.below(patience);
      // For a moment the reader may have seen what the backup holds.
      await recording.until('all three, live', (snapshot) => snapshot.status === 'live' && asBefore(snapshot));
      await poll('both active', () => [changed, added].every(({ state }) => state === 'active'));
    });

    it('an instance that was deregistered after the backup, and is back under a lease that its owner keeps alive, is taken away again', async () => {
      const leaving = await owner.registry.register({ service: 'orders', id: 'leaving', address: '10.0.0.1:2' });
      const backup = await saveSnapshot(etcd);
      await leaving.deregister();
      const answered = await goBackTo(backup);
      await poll('only what is registered', async () => (await raw.list('/rollcall/')).map(({ key }) => key).join() === '/rollcall/orders/stays', 2 * ttl * 1000);
      expect(performance.now() - answered).to.be.below(patience);
    });

    it('the same, if nobody noticed: the restored history had overtaken the old one before its owner was back', async () => {
      const leaving = await owner.registry.register({ service: 'orders', id: 'leaving', address: '10.0.0.1:2' });
      const backup = await saveSnapshot(etcd);
      await leaving.deregister();
      proxy.cut();
      await goBackTo(backup);
      for (let i = 0; i < 100; i++) await raw.put('/noise', String(i));
      const back = performance.now();
      proxy.restore();
      await poll('only what is registered', async () => (await raw.list('/rollcall/')).map(({ key }) => key).join() === '/rollcall/orders/stays', 2 * ttl * 1000);
      expect(performance.now() - back).to.be.below(patience);
    });

    it('an id that changed hands after the backup stays with its newest owner, though the record of the dead one is back', async () => {
      await raw.put('/rollcall/orders/moved', '{"address":"10.0.0.9:9"}', await raw.grant(ttl));
      const backup = await saveSnapshot(etcd);
      const moved = await owner.registry.register({ service: 'orders', id: 'moved', address: '10.0.0.1:2' });
      using states = new StateRecording(moved);
      const answered = await goBackTo(backup);
      await poll('the record of the newest owner', async () => String((await raw.get('/rollcall/orders/moved'))?.value).includes('10.0.0.1:2'));
      await states.until('active');
      expect(performance.now() - answered).to.be.below(patience);
    });

    it('the same, with an older owner that lives and was superseded', async () => {
      const older = await open();
      await older.registry.register({ service: 'payments', address: '10.0.0.9:1' });
      const superseded = await older.registry.register({ service: 'orders', id: 'moved', address: '10.0.0.9:9' });
      const backup = await saveSnapshot(etcd);
      const moved = await owner.registry.register({ service: 'orders', id: 'moved', address: '10.0.0.1:2' });
      using states = new StateRecording(moved);
      await poll('the older owner to know', () => superseded.state === 'superseded');
      const answered = await goBackTo(backup);
      await poll('the record of the newest owner', async () => String((await raw.get('/rollcall/orders/moved'))?.value).includes('10.0.0.1:2'));
      await states.until('active');
      expect(performance.now() - answered).to.be.below(patience);
      expect(superseded.state).to.equal('superseded');
    });
  });
}

async function headerOf(raw: RawEtcd): Promise<{ readonly cluster_id: string; readonly revision: string }> {
  return (await raw.client.kv.range({ key: Buffer.from('\0'), count_only: true })).header;
}
