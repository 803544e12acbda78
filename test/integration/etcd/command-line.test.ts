import { expect } from 'chai';

import { Cli, stopEveryCli } from '../../cli/driver.js';
import { etcdctl, openRawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

interface WatchLine {
  readonly time: number;
  readonly service: string;
  readonly status: 'live' | 'stale';
  readonly revision: string;
  readonly instances: readonly { readonly id: string; readonly address: string; readonly weight: number; readonly version: string | null; readonly zone: string | null; readonly metadata: object }[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

interface RegisterLine {
  readonly time: number;
  readonly event: string;
  readonly service: string;
  readonly id: string;
  readonly address: string;
}

describe('rollcall on a real etcd, driven by another program', function () {
  this.timeout(40_000);
  let registry: string;
  let prefix: string;

  beforeEach(async () => {
    prefix = ownPrefix();
    registry = (await sharedEtcd()).url({ prefix });
  });

  afterEach(stopEveryCli);

  const rollcall = (...args: string[]): Cli => new Cli([...args, '--registry', registry, '--json']);

  it('watch prints an empty first line at once, then each instance that comes and goes', async () => {
    const watching = rollcall('watch', 'simple_grpc');
    const first = await watching.waitFor<WatchLine>(() => true);
    expect(first).to.include({ service: 'simple_grpc', status: 'live' });
    expect(first).to.deep.include({ instances: [], added: [], removed: [], changed: [] });
    expect(first.time).to.be.closeTo(Date.now(), 60_000);
    expect(first.revision).to.match(/^\d+$/);

    const registering = rollcall('register', 'simple_grpc', 'localhost:8000', '--id', 'a', '--weight', '7', '--version', '1.2.3', '--zone', 'z', '--meta', 'k=v', 'l=w');
    const registered = await registering.waitFor<RegisterLine>(() => true);
    expect(registered).to.include({ event: 'registered', service: 'simple_grpc', id: 'a', address: 'localhost:8000' });
    const added = await watching.waitFor<WatchLine>((line) => line.added.length > 0);
    expect(added.instances).to.deep.equal([{ id: 'a', address: 'localhost:8000', weight: 7, version: '1.2.3', zone: 'z', metadata: { k: 'v', l: 'w' }, layout: 'rollcall' }]);

    registering.signal('SIGTERM');
    expect(await registering.exited).to.deep.equal({ status: 0, signal: null });
    expect(JSON.parse(registering.stdout.at(-1)!)).to.include({ event: 'deregistered', id: 'a' });
    const removed = await watching.waitFor<WatchLine>((line) => line.removed.length > 0);
    expect(removed).to.deep.include({ removed: ['a'], instances: [] });
    watching.signal('SIGINT');
    expect(await watching.exited).to.deep.equal({ status: 0, signal: null });
  });

  it('list shows services, and the instances of one, also those written with etcdctl', async () => {
    const etcd = await sharedEtcd();
    await etcdctl(etcd, ['put', `${prefix}/orders/b`, '{"address":"10.0.0.2:8000","version":"2"}']);
    await etcdctl(etcd, ['put', `${prefix}/orders/broken`, '{']);
    const services = rollcall('list');
    expect(await services.exited).to.include({ status: 0 });
    expect(services.stdout.map((line) => JSON.parse(line) as unknown)).to.deep.equal([{ service: 'orders' }]);
    const instances = rollcall('list', 'orders');
    expect(await instances.exited).to.include({ status: 0 });
    expect(instances.stdout).to.have.length(1);
    expect(JSON.parse(instances.stdout[0]!)).to.deep.include({ id: 'b', address: '10.0.0.2:8000', version: '2' });
    expect(instances.stderr).to.match(/orders\/broken/);
    await etcdctl(etcd, ['del', '--prefix', prefix]);
  });

  it('what register writes, etcdctl reads, under a lease of the TTL; it is gone once the command after -- has ended', async () => {
    const etcd = await sharedEtcd();
    const registering = new Cli(['register', 'orders', '10.0.0.1:8000', '--ttl', '9', '--registry', registry, '--json', '--', 'sleep', '60']);
    await registering.waitFor<RegisterLine>(({ event }) => event === 'registered');
    const value = (await etcdctl(etcd, ['get', '--print-value-only', `${prefix}/orders/10.0.0.1:8000`])).toString();
    const raw = openRawEtcd(etcd);
    const [record] = await raw.list(`${prefix}/`);
    expect(await raw.lease(record!.lease)).to.include({ granted: 9 });
    raw.close();
    expect(JSON.parse(value)).to.deep.equal({ address: '10.0.0.1:8000', weight: 100, metadata: {} });
    // Passed on to `sleep`, which ends by it.
    registering.signal('SIGTERM');
    expect(await registering.exited).to.deep.equal({ status: 0, signal: null });
    expect((await etcdctl(etcd, ['get', '--prefix', prefix])).toString()).to.equal('');
  });

  it('the newer of two registrations of one id stays; the older says so and fails', async () => {
    const older = rollcall('register', 'orders', '10.0.0.1:8000', '--id', 'a');
    await older.waitFor<RegisterLine>(({ event }) => event === 'registered');
    const newer = rollcall('register', 'orders', '10.0.0.2:8000', '--id', 'a');
    await newer.waitFor<RegisterLine>(({ event }) => event === 'registered');
    await older.waitFor<RegisterLine>(({ event }) => event === 'superseded');
    expect(await older.exited).to.include({ status: 1 });
    const listed = rollcall('list', 'orders');
    await listed.exited;
    expect(listed.stdout.map((line) => (JSON.parse(line) as RegisterLine).address)).to.deep.equal(['10.0.0.2:8000']);
    newer.signal('SIGTERM');
    await newer.exited;
  });

  it('says in one line what is wrong when etcd cannot be reached, and exits with 1', async () => {
    const listing = new Cli(['list', '--registry', 'etcd://127.0.0.1:1?connectTimeout=0.3']);
    expect(await listing.exited).to.include({ status: 1 });
    expect(listing.stderr).to.match(/^rollcall: .*127\.0\.0\.1:1.*\n$/);
    expect(listing.stdout).to.deep.equal([]);
  });
});
