import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import type { Snapshot } from '../../../src/core/index.js';
import { openRawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

describe('a large service', function () {
  this.timeout(30_000);

  it('of 2,500 records is complete, in pages at one revision, while others write', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const writer = await connectEtcd({ endpoints: etcd.endpoints, prefix });
    await Promise.all(Array.from({ length: 2_500 }, (_, index) => writer.registry.register({ service: 'large', address: `10.0.0.1:${1 + index}` })));
    const reader = await connectEtcd({ endpoints: etcd.endpoints, prefix });
    const writing = new AbortController();
    const noise = (async () => {
      for (let i = 0; !writing.signal.aborted; i++) await raw.put(`${prefix}/other/x`, String(i));
    })();
    const snapshot = await reader.discovery.get('large');
    writing.abort();
    await noise;
    expect(snapshot.instances).to.have.length(2_500);
    expect(new Set(snapshot.instances.map(({ id }) => id))).to.have.property('size', 2_500);
    await Promise.all([writer.close(), reader.close()]);
    raw.close();
  });

  it('with 200 garbage records, a value of a megabyte and one that is empty shows all the good ones, and each bad one once', async () => {
    const etcd = await sharedEtcd();
    const [prefix, raw] = [ownPrefix(), openRawEtcd(etcd)];
    const warnings: object[] = [];
    const silent = (): void => undefined;
    const logger = { debug: silent, info: silent, error: silent, warn: (fields: object) => void warnings.push(fields) };
    const backend = await connectEtcd({ endpoints: etcd.endpoints, prefix }, { logger });
    await Promise.all(Array.from({ length: 500 }, (_, index) => backend.registry.register({ service: 'mixed', address: `10.0.0.1:${1 + index}` })));
    await Promise.all(Array.from({ length: 200 }, (_, index) => raw.put(`${prefix}/mixed/bad-${index}`, index % 2 === 0 ? '{"address":' : '[1,2,3]')));
    await raw.put(`${prefix}/mixed/huge`, Buffer.alloc(1_000_000, 0x7b));
    await raw.put(`${prefix}/mixed/empty`, '');
    const watch = backend.discovery.watch('mixed');
    const first = await new Promise<Snapshot>((resolve) => watch.subscribe(resolve));
    expect(first.instances).to.have.length(500);
    expect(first.skipped).to.have.length(202);
    expect(first.skipped.every(({ key, reason }) => key.startsWith(`${prefix}/mixed/`) && reason.length > 0)).to.equal(true);
    expect(warnings).to.have.length(202);
    watch.close();
    await raw.deletePrefix(`${prefix}/`);
    await backend.close();
    raw.close();
  });
});
