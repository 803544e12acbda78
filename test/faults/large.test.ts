import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Snapshot } from '../../src/core/index.js';
import { fakeLogger } from '../support/fake-logger.js';
import { startProxy } from '../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { WatchRecording } from '../support/recording.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

/** Writes records past everything of ours, in transactions as large as etcd takes. */
async function putAll(raw: RawEtcd, records: readonly (readonly [key: string, value: string | Buffer])[]): Promise<void> {
  const puts = records.map(([key, value]) => ({ request_put: { key: Buffer.from(key), value: Buffer.from(value as string) } }));
  for (let from = 0; from < puts.length; from += 128) await raw.client.kv.txn({ compare: [], success: puts.slice(from, from + 128), failure: [] });
}

const record = (weight: number): string => JSON.stringify({ address: '10.0.0.1:80', weight });

/** Ids that sort by their number. */
const idOf = (n: number): string => `i${String(n).padStart(5, '0')}`;

describe('a service of 20,000 instances', function () {
  this.timeout(30_000);

  for (const how of ['get', 'watch'] as const) {
    it(`is complete for ${how}, in pages at one revision, though it changes in the middle of the list`, async () => {
      const etcd = await sharedEtcd();
      const [prefix, raw, proxy] = [ownPrefix(), openRawEtcd(etcd), await startProxy(etcd.endpoints[0]!)];
      await putAll(raw, Array.from({ length: 20_000 }, (_, n) => [`${prefix}/s/${idOf(n)}`, record(1)] as const));
      const listed = await raw.revision();
      const backend = await connectEtcd({ endpoints: [proxy.address], prefix, attemptTimeout: 20 });

      // About 2 MB in all: this is behind the first third of the pages.
      const stopped = proxy.blackholeAfter(700_000);
      let recording: WatchRecording | undefined;
      let first: Promise<Snapshot>;
      if (how === 'get') {
        first = backend.discovery.get('s');
      } else {
        recording = new WatchRecording(backend.discovery.watch('s'));
        first = recording.until('a snapshot', () => true).then(({ snapshot }) => snapshot);
      }
      await stopped;
      // In pages that were read and in such as were not: gone, new, changed.
      const put = [...[500, 15_000].map((n) => [`${prefix}/s/${idOf(n)}`, record(2)] as const), [`${prefix}/s/a`, record(2)] as const, [`${prefix}/s/z`, record(2)] as const];
      await Promise.all([raw.delete(`${prefix}/s/${idOf(7)}`), raw.delete(`${prefix}/s/${idOf(19_999)}`), putAll(raw, put)]);
      proxy.restore();

      const snapshot = await first;
      expect(snapshot.revision).to.equal(listed);
      expect(snapshot.instances).to.have.length(20_000);
      expect(snapshot.instances.every(({ id, weight }, n) => id === idOf(n) && weight === 1)).to.equal(true);
      if (recording !== undefined) {
        const { snapshot: after } = await recording.until('the changes', ({ instances }) => instances.at(-1)?.id === 'z' && instances.every(({ id }) => id !== idOf(7) && id !== idOf(19_999)));
        expect(after.instances).to.have.length(20_000);
        expect(after.instances.filter(({ weight }) => weight === 2).map(({ id }) => id)).to.deep.equal(['a', idOf(500), idOf(15_000), 'z']);
        expect(recording.removed.sort()).to.deep.equal([idOf(7), idOf(19_999)]);
        recording[Symbol.dispose]();
      }
      await backend.close();
      await proxy.close();
      await raw.deletePrefix(`${prefix}/`);
      raw.close();
    });
  }
});

describe('records that cannot be read among 1,000 good ones', function () {
  this.timeout(30_000);

  it('hide none of them, and are reported once each, also after a reconnection', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw, proxy, logger] = [ownPrefix(), openRawEtcd(etcd), await startProxy(etcd.endpoints[0]!), fakeLogger()];
    await putAll(raw, Array.from({ length: 1_000 }, (_, n) => [`${prefix}/s/${idOf(n)}`, record(1)] as const));
    const garbage = ['{"address":', '[1,2,3]', 'null', '{"address":7}', '{"address":"nowhere"}', '{"address":"10.0.0.1:80","weight":-1}', Buffer.from([0xff, 0x00, 0x7b])];
    await putAll(raw, Array.from({ length: 200 }, (_, n) => [`${prefix}/s/bad-${n}`, garbage[n % garbage.length]!] as const));
    await raw.put(`${prefix}/s/huge`, Buffer.alloc(1_000_000, 0x7b));
    await raw.put(`${prefix}/s/empty`, '');
    const bad = [...Array.from({ length: 200 }, (_, n) => `bad-${n}`), 'huge', 'empty'].map((id) => `${prefix}/s/${id}`).sort();
    const reported = (): string[] => logger.warn.getCalls().flatMap(({ args: [fields] }) => ('key' in fields ? [String(fields.key)] : []));

    const backend = await connectEtcd({ endpoints: [proxy.address], prefix }, { logger });
    const recording = new WatchRecording(backend.discovery.watch('s'));
    const { snapshot } = await recording.until('the service', () => true);
    expect(snapshot.instances.map(({ id }) => id)).to.deep.equal(Array.from({ length: 1_000 }, (_, n) => idOf(n)));
    expect(snapshot.skipped.map(({ key }) => key)).to.deep.equal(bad);
    expect(snapshot.skipped.every(({ reason }) => reason !== '')).to.equal(true);
    expect(reported().sort()).to.deep.equal(bad);

    proxy.cutOnce();
    await recording.until('stale', ({ status }) => status === 'stale');
    const back = await recording.until('live', ({ status }) => status === 'live');
    expect(back.snapshot.skipped).to.equal(snapshot.skipped);
    expect(reported()).to.have.length(bad.length);

    // A new one is news; one that was mended is an instance.
    await raw.put(`${prefix}/s/late`, 'nonsense');
    await raw.put(`${prefix}/s/empty`, record(1));
    const last = await recording.until('the mended one', ({ instances }) => instances.length === 1_001);
    expect(last.snapshot.skipped).to.have.length(bad.length);
    expect(reported().slice(bad.length)).to.deep.equal([`${prefix}/s/late`]);

    recording[Symbol.dispose]();
    await backend.close();
    await proxy.close();
    await raw.deletePrefix(`${prefix}/`);
    raw.close();
  });
});
