import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import { type Etcd, startEtcd } from '../../support/etcd.js';
import { poll } from '../../support/poll.js';
import { openRawEtcd } from '../../support/raw-etcd.js';

/** One of etcd's own figures, from its metrics page. */
async function metric(etcd: Etcd, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${etcd.members[0]!.options.healthPort}/metrics`)).text();
  const line = page.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** Streams of a kind that are open now. */
async function openStreams(etcd: Etcd, service: string, method: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${etcd.members[0]!.options.healthPort}/metrics`)).text();
  const sum = (name: string): number =>
    page
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(`grpc_method="${method}"`) && line.includes(`grpc_service="${service}"`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return sum('grpc_server_started_total') - sum('grpc_server_handled_total');
}

/** Messages that etcd has received for methods with these names. */
async function received(etcd: Etcd, methods: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${etcd.members[0]!.options.healthPort}/metrics`)).text();
  return page
    .split('\n')
    .filter((line) => new RegExp(`^grpc_server_msg_received_total\\{grpc_method="(?:${methods})"`).test(line))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
}

describe('what the adapter asks of etcd', function () {
  this.timeout(30_000);
  let etcd: Etcd;

  before(async () => {
    etcd = await startEtcd();
  });

  after(() => etcd.stop());

  const keepAlives = (): Promise<number> => openStreams(etcd, 'etcdserverpb.Lease', 'LeaseKeepAlive');
  const watchStreams = (): Promise<number> => openStreams(etcd, 'etcdserverpb.Watch', 'Watch');
  const watchers = (): Promise<number> => metric(etcd, 'etcd_debugging_mvcc_watcher_total');

  it('one lease and one keepalive stream, however many instances', async () => {
    const raw = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints });
    await Promise.all(Array.from({ length: 300 }, (_, index) => backend.registry.register({ service: 'many', address: `127.0.0.1:${1000 + index}` })));
    expect(await raw.list('/rollcall/many/')).to.have.length(300);
    expect(await raw.leases()).to.have.length(1);
    expect(await keepAlives()).to.equal(1);
    await backend.close();
    expect(await raw.leases()).to.have.length(0);
    expect(await raw.list('/rollcall/')).to.have.length(0);
    await poll('the streams to be gone', async () => (await keepAlives()) + (await watchStreams()) === 0);
    raw.close();
  });

  it('one watch for each service, all on one stream, and none without a reader', async () => {
    const backend = await connectEtcd({ endpoints: etcd.endpoints });
    const readings = ['a', 'a', 'a', 'b'].map((service) => backend.discovery.watch(service).subscribe(() => undefined));
    await poll('the watches', async () => (await watchers()) === 2);
    expect(await watchStreams()).to.equal(1);
    for (const reading of readings) reading[Symbol.dispose]();
    await poll('the watches to be gone', async () => (await watchers()) + (await watchStreams()) === 0);
    await backend.close();
  });

  it('idle, one ping for each third of the TTL and one sign of life a second (two messages), and nothing else', async () => {
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 3 });
    await backend.registry.register({ service: 'idle', address: '127.0.0.1:1000' });
    backend.discovery.watch('idle').subscribe(() => undefined);
    await poll('the first snapshot', () => backend.discovery.status.services.live === 1);
    const watched = (): Promise<number> => received(etcd, 'Watch');
    const [pings, messages, others] = [await received(etcd, 'LeaseKeepAlive'), await watched(), await received(etcd, 'Range|Txn|Put|LeaseGrant|Authenticate')];
    // Until it has been idle for three pings, one of which may be on its way already.
    await poll('three pings', async () => (await received(etcd, 'LeaseKeepAlive')) >= pings + 3);
    expect((await watched()) - messages).to.be.within(2, 8);
    expect(await received(etcd, 'Range|Txn|Put|LeaseGrant|Authenticate')).to.equal(others);
    await backend.close();
  });

  it('three hundred registrations in a few transactions', async () => {
    const backend = await connectEtcd({ endpoints: etcd.endpoints });
    const raw = openRawEtcd(etcd);
    const before = BigInt(await raw.revision());
    await Promise.all(Array.from({ length: 300 }, (_, index) => backend.registry.register({ service: 'many', address: `127.0.0.1:${1000 + index}` })));
    // Each transaction is one revision: 300 records are three of at most 100.
    expect(BigInt(await raw.revision()) - before).to.equal(3n);
    await backend.close();
    raw.close();
  });
});
