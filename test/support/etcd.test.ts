import { expect } from 'chai';

import { type Etcd, startEtcd } from './etcd.js';
import { poll } from './poll.js';
import { startProxy } from './proxy.js';
import { etcdctl, openRawEtcd, type RawEtcd } from './raw-etcd.js';
import { ownPrefix, sharedEtcd } from './shared-etcd.js';

/** The tests' own tools: what they claim of etcd is only worth as much as these. */
describe('the etcd of the tests', function () {
  this.timeout(60_000);
  let etcd: Etcd | undefined;
  let raw: RawEtcd | undefined;

  afterEach(async () => {
    raw?.close();
    await etcd?.stop();
    raw = etcd = undefined;
  });

  it('reads and writes byte for byte, also by etcdctl', async () => {
    const shared = await sharedEtcd();
    raw = openRawEtcd(shared);
    const prefix = ownPrefix();
    const value = Buffer.from([0, 255, 10, 195]);
    await raw.put(`${prefix}/a`, value);
    await etcdctl(shared, ['put', `${prefix}/b`, 'localhost:8000']);
    expect((await raw.list(`${prefix}/`)).map((record) => [record.key, record.value.toString('latin1')])).to.deep.equal([
      [`${prefix}/a`, value.toString('latin1')],
      [`${prefix}/b`, 'localhost:8000'],
    ]);
    expect((await etcdctl(shared, ['get', '--print-value-only', `${prefix}/a`])).subarray(0, 4)).to.deep.equal(value);
    await raw.delete(`${prefix}/a`);
    expect(await raw.get(`${prefix}/a`)).to.equal(undefined);
  });

  it('grants leases of one second, and a revoked lease takes its keys along', async () => {
    raw = openRawEtcd(await sharedEtcd());
    const lease = await raw.grant(1);
    const key = `${ownPrefix()}/k`;
    await raw.put(key, 'v', lease);
    expect(await raw.lease(lease)).to.include({ granted: 1 });
    expect((await raw.lease(lease)).keys).to.deep.equal([key]);
    expect(await raw.leases()).to.include(lease);
    await raw.revoke(lease);
    expect(await raw.get(key)).to.equal(undefined);
    expect((await raw.lease(lease)).ttl).to.equal(-1);
  });

  it('comes back on the same port with its data after SIGKILL, and without them when wiped', async () => {
    etcd = await startEtcd();
    raw = openRawEtcd(etcd);
    await raw.put('k', 'v');
    const { endpoints } = etcd;
    await etcd.kill();
    expect(etcd.members[0]!.running).to.equal(false);
    await etcd.restart();
    expect(etcd.endpoints).to.deep.equal(endpoints);
    expect((await poll('a read after the restart', () => raw!.get('k'))).value.toString()).to.equal('v');
    await etcd.restart({ wipe: true });
    await poll('an empty store after the wipe', async () => (await raw!.get('k')) === undefined);
  });

  it('falls silent while paused and answers once resumed', async () => {
    etcd = await startEtcd();
    raw = openRawEtcd(etcd);
    await raw.put('k', '1');
    etcd.pause();
    let answered = false;
    const put = raw.put('k', '2').then(() => {
      answered = true;
    });
    expect(await fetch(`http://127.0.0.1:${etcd.members[0]!.options.healthPort}/health`, { signal: AbortSignal.timeout(300) }).catch((error: unknown) => (error as Error).name)).to.equal('TimeoutError');
    expect(answered).to.equal(false);
    etcd.resume();
    await put;
  });

  it('forms a cluster that survives the loss of one member of three', async () => {
    etcd = await startEtcd({ clusterSize: 3 });
    raw = openRawEtcd(etcd);
    await raw.put('k', 'v');
    expect(String(await etcdctl(etcd, ['member', 'list'])).trim().split('\n')).to.have.length(3);
    await etcd.members[0]!.kill();
    await poll('a write without the first member', () => raw!.put('k', 'w').then(() => true));
    await etcd.members[0]!.restart();
    await etcd.ready();
  });

  it('asks for users when told to, and gives one of them a prefix only', async () => {
    etcd = await startEtcd({ auth: true });
    const stranger = openRawEtcd(etcd, { user: undefined });
    const limited = openRawEtcd(etcd, { user: etcd.users!.limited });
    raw = openRawEtcd(etcd);
    try {
      const refused = (client: RawEtcd, key: string): Promise<unknown> => client.put(key, 'v').then(() => 'stored', (error: unknown) => (error as Error).message);
      expect(await refused(stranger, '/rollcall/a')).to.match(/user name is empty/);
      expect(await refused(limited, '/rollcall/a')).to.equal('stored');
      expect(await refused(limited, '/other/a')).to.match(/permission denied/);
      expect(await refused(raw, '/other/a')).to.equal('stored');
      expect(String(await etcdctl(etcd, ['get', '--print-value-only', '/other/a']))).to.equal('v\n');
      expect(etcd.url()).to.equal(`etcd://roll:call%20%231%20100%25@${etcd.endpoints[0]!}/rollcall`);
    } finally {
      stranger.close();
      limited.close();
    }
  });

  it('speaks TLS, and lets nobody in without a certificate of its authority when mutual', async () => {
    etcd = await startEtcd({ tls: 'mutual' });
    raw = openRawEtcd(etcd);
    await raw.put('k', 'v');
    expect(String(await etcdctl(etcd, ['get', '--print-value-only', 'k']))).to.equal('v\n');
    const { ca, client, stranger } = etcd.certificates!;
    const url = new URL(etcd.url());
    expect([url.protocol, url.searchParams.get('ca'), url.searchParams.get('cert'), url.searchParams.get('key')]).to.deep.equal(['etcds:', ca, client.cert, client.key]);
    const foreign = openRawEtcd(Object.assign(Object.create(etcd) as Etcd, { certificates: { ...etcd.certificates!, client: stranger } }));
    try {
      expect(await foreign.get('k').then(() => 'read', () => 'refused')).to.equal('refused');
    } finally {
      foreign.close();
    }
  });
});

describe('the proxy of the tests', function () {
  this.timeout(30_000);

  it('passes, swallows, cuts and passes again', async () => {
    const etcd = await sharedEtcd();
    const proxy = await startProxy(etcd.endpoints[0]!);
    const raw = openRawEtcd(Object.create(etcd, { endpoints: { value: [proxy.address] } }) as Etcd);
    try {
      const key = `${ownPrefix()}/k`;
      await raw.put(key, 'v');
      expect(proxy.connections).to.be.greaterThan(0);

      proxy.blackhole();
      let arrived = false;
      const late = raw.put(key, 'late').then(() => {
        arrived = true;
      });
      await openRawAndPut(etcd, key);
      expect(arrived).to.equal(false);
      proxy.restore();
      await late;

      proxy.cut();
      expect(proxy.connections).to.equal(0);
      expect(await raw.put(key, 'w').then(() => 'stored', () => 'failed')).to.equal('failed');
      proxy.restore();
      await poll('a write after the cut', () => raw.put(key, 'x').then(() => true));
    } finally {
      raw.close();
      await proxy.close();
    }
  });
});

/** A write past the proxy: by the time it is done, one that went through would be too. */
async function openRawAndPut(etcd: Etcd, key: string): Promise<void> {
  const raw = openRawEtcd(etcd);
  await raw.put(key, 'direct');
  raw.close();
}
