import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import type { Backend } from '../../../src/core/adapter.js';
import type { Registration } from '../../../src/core/ports.js';
import type { RollcallError } from '../../../src/core/errors.js';
import { poll } from '../../support/poll.js';
import { type Proxy, startProxy } from '../../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

/** Further than what HTTP/2 says by itself, and not as far as an answer: the request was carried out when the connection goes. */
const intoTheAnswer = 40;

describe('a claim whose answer is lost', function () {
  this.timeout(20_000);

  let raw: RawEtcd;
  let proxy: Proxy;
  let prefix: string;
  let ours: Backend;
  let leases: string[];
  const claimed = { service: 's', id: 'x', address: '10.0.0.1:1' };
  const key = (): string => `${prefix}/s/x`;
  const addressThere = async (): Promise<string | undefined> => {
    const [record] = await raw.list(key());
    return record === undefined ? undefined : (JSON.parse(record.value.toString()) as { address: string }).address;
  };
  /** Somebody else's record, under a lease of his own. */
  const foreign = async (address: string): Promise<void> => {
    const { ID: lease } = await raw.client.leaseClient.leaseGrant({ TTL: 600 });
    leases.push(lease);
    await raw.put(key(), JSON.stringify({ address }), lease);
  };

  beforeEach(async () => {
    const etcd = await sharedEtcd();
    prefix = ownPrefix();
    leases = [];
    raw = openRawEtcd(etcd);
    proxy = await startProxy(etcd.endpoints[0]!);
    // A ping in between would be the answer that the proxy waits for.
    ours = await connectEtcd({ endpoints: [proxy.address], prefix, ttl: 60 });
    await ours.registry.register({ service: 's', id: 'other', address: '10.0.0.9:1' });
  });

  afterEach(async () => {
    proxy.restore();
    await ours.close();
    await raw.deletePrefix(`${prefix}/`);
    for (const ID of leases) await raw.client.leaseClient.leaseRevoke({ ID });
    raw.close();
    await proxy.close();
  });

  /** Claims it; what is sent is carried out, and never answered. */
  const claimUnanswered = async (): Promise<{ readonly registering: Promise<Registration | RollcallError> }> => {
    const cut = proxy.cutAfter(intoTheAnswer);
    const registering = ours.registry.register(claimed).catch((error: unknown) => error as RollcallError);
    await cut;
    await poll('the claim to be carried out', async () => (await addressThere()) === claimed.address);
    return { registering };
  };

  it('is stored, if nobody came in between', async () => {
    const { registering } = await claimUnanswered();
    proxy.restore();
    expect(await registering).to.have.property('state', 'active');
    expect(await addressThere()).to.equal(claimed.address);
  });

  it('gives way to an owner who came after it', async () => {
    const { registering } = await claimUnanswered();
    await foreign('10.0.0.2:1');
    proxy.restore();
    expect(await registering).to.have.property('code', 'SUPERSEDED');
    expect(await addressThere()).to.equal('10.0.0.2:1');
  });

  it('gives way to an owner who came after it, also where another stood there before', async () => {
    await foreign('10.0.0.3:1');
    const { registering } = await claimUnanswered();
    await raw.delete(key());
    await foreign('10.0.0.2:1');
    proxy.restore();
    expect(await registering).to.have.property('code', 'SUPERSEDED');
    expect(await addressThere()).to.equal('10.0.0.2:1');
  });

  it('is not superseded by an owner who came before it, if it never arrived', async () => {
    // Written when we had heard of etcd last, and before we claim: only the history can tell that from a newer owner.
    await foreign('10.0.0.3:1');
    await foreign('10.0.0.2:1');
    proxy.cut();
    const registering = ours.registry.register(claimed);
    await poll('the connection to be lost', () => Promise.resolve(ours.registry.status.state === 'stale'));
    expect(await addressThere()).to.equal('10.0.0.2:1');
    proxy.restore();
    expect(await registering).to.have.property('state', 'active');
    expect(await addressThere()).to.equal(claimed.address);
  });

  it('gives way where the history that would tell is compacted', async () => {
    await foreign('10.0.0.3:1');
    proxy.cut();
    const registering = ours.registry.register(claimed).catch((error: unknown) => error as RollcallError);
    await poll('the connection to be lost', () => Promise.resolve(ours.registry.status.state === 'stale'));
    await foreign('10.0.0.2:1');
    const { header } = await raw.client.kv.range({ key: Buffer.from(key()) });
    await raw.client.kv.compact({ revision: header.revision, physical: true });
    proxy.restore();
    expect(await registering).to.have.property('code', 'SUPERSEDED');
    expect(await addressThere()).to.equal('10.0.0.2:1');
  });
});
