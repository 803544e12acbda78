import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { HealthImplementation } from 'grpc-health-check';

import { run } from '../../src/cli/program.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { deadAddress, startServer } from '../grpc/support/simple-service.js';
import { FakeContext, snapshot } from './fake-context.js';

const instance = (init: Partial<InstanceInit>) => createInstance({ service: 'orders', address: '10.0.0.1:8000', ...init });
const a = instance({ id: 'a', weight: 300, version: '1.4.0' });
const b = instance({ id: 'b', address: '10.0.0.2:8000', version: '1.4.1' });
const drained = instance({ id: 'c', address: '10.0.0.3:8000', weight: 0 });
const canary = instance({ id: 'd', address: '10.0.0.4:8000', version: '2.0.0', metadata: { lane: 'canary' } });
const skipped = [{ key: '/rollcall/orders/e', reason: 'value "x" is not JSON' }];

describe('rollcall explain', () => {
  let context: FakeContext;
  beforeEach(() => {
    context = new FakeContext();
    context.discovery.get.resolves(snapshot({ service: 'orders', revision: '7', instances: [a, b, drained, canary], skipped }));
  });
  afterEach(() => {
    expect(context.listeners.size, 'listeners on signals').to.equal(0);
  });

  it('shows a person each record, the verdict, the share of calls, and why', async () => {
    expect(await run(['explain', 'orders', '--policy', 'weighted_round_robin', '--filter', 'version=1.4.*'], context)).to.equal(0);
    expect(context.stdout.text).to.equal(
      [
        'calls go to 2 of 5 records of "orders" at revision 7: 1 draining, 1 filtered out (version 1.4.*), 1 that could not be read',
        'policy: rollcall_weighted_round_robin',
        '',
        'ID                  ADDRESS        VERDICT  CALLS  WHY',
        'a                   10.0.0.1:8000  called   75 %',
        'b                   10.0.0.2:8000  called   25 %',
        'c                   10.0.0.3:8000  dropped  0 %    draining: its weight is 0',
        'd                   10.0.0.4:8000  dropped  0 %    filtered: version does not match 1.4.*',
        '/rollcall/orders/e                 dropped         undecodable: value "x" is not JSON',
        '',
      ].join('\n'),
    );
  });

  it('gives a program one object', async () => {
    expect(await run(['explain', 'orders', '--json'], context)).to.equal(0);
    const [explanation] = context.stdout.json as [{ records: object[]; policy: string; revision: string }];
    expect(context.stdout.json).to.have.length(1);
    expect(explanation).to.include({ policy: 'rollcall_round_robin', revision: '7' });
    expect(explanation.records[2]).to.include({ id: 'c', kept: false, reason: 'draining', share: 0 });
    expect(explanation.records[4]).to.include({ key: '/rollcall/orders/e', kept: false, reason: 'undecodable' });
  });

  it('tells what a subset leaves out, for the client that is named', async () => {
    const left = async (key: string): Promise<string> => {
      const own = new FakeContext();
      own.discovery.get.resolves(snapshot({ service: 'orders', instances: Array.from({ length: 20 }, (_, i) => instance({ id: `i${i}`, address: `10.0.1.${i}:1` })) }));
      expect(await run(['explain', 'orders', '--subset', '3', '--client-key', key, '--json'], own)).to.equal(0);
      const [{ records }] = own.stdout.json as [{ records: { id: string; kept: boolean; reason?: string }[] }];
      expect(records.filter(({ reason }) => reason === 'subset')).to.have.length(17);
      return records.flatMap(({ id, kept }) => (kept ? [id] : [])).join();
    };
    expect(await left('one')).to.equal(await left('one'));
    expect(await left('one')).not.to.equal(await left('two'));
  });

  it('asks each instance how it fares', async () => {
    const good = await startServer('good');
    const bad = new Server();
    const health = new HealthImplementation({ '': 'NOT_SERVING' });
    health.addToServer(bad);
    const port = await new Promise<number>((resolve, reject) => {
      bad.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    const gone = await deadAddress();
    const instances = [instance({ id: 'bad', address: `127.0.0.1:${port}` }), instance({ id: 'gone', address: gone }), instance({ id: 'good', address: good.address })];
    context.discovery.get.resolves(snapshot({ service: 'orders', instances }));
    try {
      expect(await run(['explain', 'orders', '--check-health', '--json'], context)).to.equal(0);
    } finally {
      good.stop();
      bad.forceShutdown();
    }
    const [{ records }] = context.stdout.json as [{ records: { id: string; kept: boolean; detail?: string; share: number }[] }];
    expect(records.map(({ id, kept, share }) => [id, kept, share])).to.deep.equal([
      ['bad', false, 0],
      ['gone', false, 0],
      ['good', true, 1],
    ]);
    expect(records[0]!.detail).to.equal('it says that it is NOT_SERVING');
    expect(records[1]!.detail).to.contain('ECONNREFUSED');
  });

  it('does not wait for ever for an instance that never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    context.discovery.get.resolves(snapshot({ service: 'orders', instances: [instance({ id: 'silent', address: `127.0.0.1:${port}` })] }));
    expect(await run(['explain', 'orders', '--check-health', '--json'], context)).to.equal(0);
    silent.close();
    const [{ records }] = context.stdout.json as [{ records: { state: string }[] }];
    expect(records[0]).to.include({ state: 'failing', kept: false });
  });

  const misuses: [args: string[], message: RegExp][] = [
    [['--policy', 'round_robbin'], /names "round_robbin", which is not known here; did you mean "round_robin"\?/],
    [['--policy', '{bad'], /--policy is neither the name of a policy nor JSON/],
    [['--filter', 'nonsense'], /"nonsense" is not name=value/],
    [['--subset', 'few'], /It is not a whole number/],
    [['--client-key', 'x'], /give --subset as well/],
    [['--ca', 'x.pem'], /give --check-health as well/],
  ];
  for (const [args, message] of misuses) {
    it(`refuses ${args.join(' ')}`, async () => {
      expect(await run(['explain', 'orders', ...args], context)).to.equal(2);
      expect(context.stderr.text).to.match(message);
      expect(context.stdout.text).to.equal('');
    });
  }

  it('says which file it cannot read', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-'));
    writeFileSync(path.join(folder, 'empty.pem'), '');
    expect(await run(['explain', 'orders', '--check-health', '--ca', path.join(folder, 'none.pem')], context)).to.equal(2);
    expect(context.stderr.text).to.match(/none\.pem/);
  });
});
