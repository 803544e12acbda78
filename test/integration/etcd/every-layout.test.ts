import { expect } from 'chai';

import { connectEtcd, type EtcdOptions } from '../../../src/adapters/etcd/index.js';
import { layouts } from '../../../src/adapters/etcd/layouts/index.js';
import { layoutNames } from '../../../src/adapters/etcd/layouts/names.js';
import { type Backend, recordLayout } from '../../../src/core/index.js';
import { Cli, stopEveryCli } from '../../cli/driver.js';
import { type Etcd, startEtcd } from '../../support/etcd.js';
import { poll } from '../../support/poll.js';
import { openRawEtcd, type RawEtcd } from '../../support/raw-etcd.js';

/** A record of each framework under its own prefix, as the framework writes it. */
const written: readonly (readonly [layout: string, key: string, value: string, address: string])[] = [
  ['rollcall', '/rollcall/s-rollcall/a', '{"address":"10.0.0.1:1"}', '10.0.0.1:1'],
  ['plain', '/grpclb/s-plain/10.0.0.1:2', '10.0.0.1:2', '10.0.0.1:2'],
  ['etcd-naming', 's-etcd-naming/10.0.0.1:3', '{"Op":0,"Addr":"10.0.0.1:3","Metadata":null}', '10.0.0.1:3'],
  ['kratos', '/microservices/s-kratos/6f9c', '{"id":"6f9c","name":"s-kratos","version":"v1.0.0","metadata":null,"endpoints":["http://10.0.0.1:80?isSecure=false","grpc://10.0.0.1:4"]}', '10.0.0.1:4'],
  ['go-zero', 's-go-zero/2324035542764078853', '10.0.0.1:5', '10.0.0.1:5'],
  ['kitex', 'kitex/registry-etcd/s-kitex/10.0.0.1:6', '{"network":"tcp","address":"10.0.0.1:6","weight":10,"tags":null}', '10.0.0.1:6'],
  ['hertz', 'hertz/registry-etcd/s-hertz/10.0.0.1:7', '{"network":"tcp","address":"10.0.0.1:7","weight":10,"tags":null}', '10.0.0.1:7'],
  ['go-micro', '/micro/registry/s-go-micro/n1', '{"name":"s-go-micro","version":"latest","metadata":null,"endpoints":null,"nodes":[{"metadata":null,"id":"n1","address":"10.0.0.1:8"}]}', '10.0.0.1:8'],
  ['rpcx', '/rpcx/s-rpcx/tcp@10.0.0.1:9', 'group=test', '10.0.0.1:9'],
  [
    'dubbo',
    '/services/s-dubbo/10.0.0.1:10',
    '{"ID":"10.0.0.1:10","ServiceName":"s-dubbo","Host":"10.0.0.1","Port":10,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{},"ServiceMetadata":null,"Address":"10.0.0.1:10","GroupName":"","Tag":""}\n',
    '10.0.0.1:10',
  ],
];

describe('every layout on a real etcd', function () {
  this.timeout(30_000);
  // One of its own: this looks at everything that is there.
  let etcd: Etcd;
  let raw: RawEtcd;

  before(async () => {
    etcd = await startEtcd();
    raw = openRawEtcd(etcd);
  });
  after(async () => {
    raw.close();
    await etcd.stop();
  });
  afterEach(async () => {
    await stopEveryCli();
    await raw.deletePrefix('/');
    for (const [, key] of written.filter(([, each]) => !each.startsWith('/'))) await raw.delete(key);
    await raw.delete('notes/todo');
  });

  const connect = (options: Partial<EtcdOptions>): Promise<Backend> => connectEtcd({ endpoints: etcd.endpoints, ...options });
  const fill = async (): Promise<void> => {
    for (const [, key, value] of written) await raw.put(key, value);
  };

  for (const layout of layoutNames) {
    it(`${layout}: what is registered is found where the framework looks, and gone when it leaves`, async () => {
      await using backend = await connect({ layout });
      const watch = backend.discovery.watch('orders');
      const counts: number[] = [];
      watch.subscribe(({ instances }) => counts.push(instances.length));
      const registration = await backend.registry.register({ service: 'orders', address: '10.0.0.1:8000' });
      const prefix = layouts[layout].defaultPrefix;
      const [record, ...others] = await raw.list(`${prefix}${prefix === '' ? '' : '/'}orders/`);
      expect(others).to.deep.equal([]);
      expect(record?.lease).to.match(/^[1-9]\d+$/);
      expect((await backend.discovery.get('orders')).instances).to.deep.equal([registration.instance]);
      expect(await backend.discovery.services()).to.deep.equal(['orders']);
      await poll('the watcher sees it', () => counts.at(-1) === 1);
      await registration.deregister();
      // A delete event has no value: the key alone has to say whose it was.
      await poll('the watcher sees it go', () => counts.at(-1) === 0);
      expect(counts).to.deep.equal([0, 1, 0]);
      watch.close();
    });
  }

  it('auto: several formats under one prefix, each record by its own; what is none is reported', async () => {
    for (const [, key, value] of written) await raw.put(`/mixed/orders/${key.slice(key.lastIndexOf('/') + 1)}`, value.replace(/s-(kratos|go-micro|dubbo)/g, 'orders'));
    await raw.put('/mixed/orders/stray', 'hello');
    await using backend = await connect({ layout: 'auto', prefix: '/mixed' });
    const { instances, skipped } = await backend.discovery.get('orders');
    // Kitex and Hertz write the same.
    const expected = written.map(([layout, , , address]) => `${address} ${layout === 'hertz' ? 'kitex' : layout}`);
    expect(instances.map((instance) => `${instance.address} ${recordLayout(instance)}`)).to.have.members(expected);
    expect(skipped.map(({ key, reason }) => `${key}: ${reason}`)).to.deep.equal(['/mixed/orders/stray: value "hello" is of no layout that is known']);
    expect(await backend.discovery.services()).to.deep.equal(['orders']);
  });

  it('auto without a prefix: every framework where it keeps its records, and nobody is taken for somebody else', async () => {
    await fill();
    // Something of no registry at all, which begins without a slash as services of grpc-go do.
    await raw.put('notes/todo', 'buy milk');
    await using backend = await connect({ layout: 'auto' });
    const services = await backend.discovery.services();
    expect(services).to.deep.equal(written.map(([layout]) => `s-${layout}`).sort());
    for (const [layout, , , address] of written) {
      const { instances, skipped } = await backend.discovery.get(`s-${layout}`);
      expect(instances.map((each) => `${each.address} ${recordLayout(each)}`)).to.deep.equal([`${address} ${layout}`]);
      expect(skipped).to.deep.equal([]);
    }
    expect((await backend.discovery.get('kitex')).instances).to.deep.equal([]);
  });

  it('rollcall list --all shows every service of the cluster, whoever wrote it, and the registry’s own', async () => {
    await fill();
    await raw.put('/mine/orders/a', '{"address":"10.0.0.2:1"}');
    const listing = new Cli(['list', '--all', '--json', '--registry', `etcd://${etcd.endpoints[0]}/mine`]);
    expect(await listing.exited).to.deep.equal({ status: 0, signal: null });
    expect(listing.stdout.map((line) => JSON.parse(line) as unknown)).to.deep.equal(
      [...written.map(([layout]) => ({ service: `s-${layout}`, instances: 1, layouts: [layout] })), { service: 'orders', instances: 1, layouts: ['rollcall'] }].sort((a, b) => (a.service < b.service ? -1 : 1)),
    );
    const one = new Cli(['list', 's-kratos', '--all', '--registry', `etcd://${etcd.endpoints[0]}`]);
    await one.exited;
    expect(one.stdout[0]).to.match(/^ID +ADDRESS +WEIGHT +VERSION +LAYOUT/);
    expect(one.stdout[1]).to.match(/^6f9c +10.0.0.1:4 +100 +v1.0.0 +kratos/);
  });

  it('the program of the page about moving: both worlds see its server, and it sees the servers of both', async () => {
    const { readBothWorlds, serveBothWorlds } = await import('../../../examples/migrate.js');
    await using backend = await serveBothWorlds(etcd.endpoints[0]!);
    expect(backend.registry.status.registrations).to.deep.equal({ active: 1, recovering: 0 });
    expect((await raw.list('/microservices/helloworld/')).map(({ value }) => (JSON.parse(value.toString()) as { endpoints: string[] }).endpoints)).to.deep.equal([['grpc://10.0.0.1:9000']]);
    await raw.put('/microservices/helloworld/6f9c', '{"id":"6f9c","name":"helloworld","version":"","metadata":null,"endpoints":["grpc://10.0.0.2:9000"]}');
    expect(await readBothWorlds(etcd.endpoints[0]!)).to.deep.equal(['10.0.0.1:9000 (rollcall)', '10.0.0.2:9000 (kratos)']);
  });

  it('rollcall watch says the layout of what comes', async () => {
    const watching = new Cli(['watch', 's-kratos', '--json', '--registry', `etcd://${etcd.endpoints[0]}?layout=auto`]);
    await watching.waitFor<{ instances: unknown[] }>(({ instances }) => instances.length === 0);
    await fill();
    const line = await watching.waitFor<{ instances: { layout: string }[] }>(({ instances }) => instances.length === 1);
    expect(line.instances[0]).to.include({ layout: 'kratos' });
  });
});
