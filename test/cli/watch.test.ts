import { expect } from 'chai';
import sinon from 'sinon';

import { run } from '../../src/cli/program.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { FakeContext, snapshot } from './fake-context.js';

const one = createInstance({ service: 'simple_grpc', address: '10.0.0.1:8000' });
const two = createInstance({ service: 'simple_grpc', address: '10.0.0.2:8000', id: 'two', version: '1.2', metadata: { lane: 'canary' } });
const lighter = createInstance({ service: 'simple_grpc', address: '10.0.0.1:8000', weight: 5, zone: 'eu' });

describe('rollcall watch', () => {
  let context: FakeContext;

  beforeEach(() => {
    context = new FakeContext();
  });
  afterEach(() => {
    sinon.assert.calledOnce(context.backend.close as sinon.SinonStub);
    expect(context.listeners.size, 'listeners on signals').to.equal(0);
  });

  /** A watch that shows these, each at its time, and then is interrupted. */
  function shows(...steps: readonly { readonly at?: number; readonly snapshot: Snapshot }[]): void {
    context.discovery.watch.callsFake(async function* (_service: string, { signal }: { signal: AbortSignal }) {
      for (const step of steps) {
        context.now = 1_000_000 + (step.at ?? 0);
        yield await Promise.resolve(step.snapshot);
        if (signal.aborted) throw signal.reason;
      }
      context.send('SIGTERM');
      throw signal.reason;
    });
  }

  it('tells a person what each snapshot brought, and when', async () => {
    const reason = new RollcallError('UNAVAILABLE', 'etcd is\u001b[2J gone');
    shows(
      { snapshot: snapshot({ instances: [one], added: [one] }) },
      { at: 5000, snapshot: snapshot({ instances: [lighter, two], added: [two], changed: [lighter] }) },
      { at: 65_000, snapshot: snapshot({ instances: [lighter, two], status: 'stale', since: 1_063_000, reason }) },
      { at: 80_000, snapshot: snapshot({ removed: [lighter, two], since: 1_080_000 }) },
    );
    expect(await run(['watch', 'simple_grpc'], context)).to.equal(0);
    expect(context.stdout.text).to.equal(
      [
        '    0s  simple_grpc: 1 instance',
        '        + 10.0.0.1:8000  weight 100',
        '    5s  simple_grpc: 2 instances',
        '        + two  10.0.0.2:8000  weight 100  version 1.2  lane=canary',
        '        ~ 10.0.0.1:8000  weight 5  zone eu',
        ' 1m 5s  simple_grpc: 2 instances, stale since 2s ago because etcd is\\u{1b}[2J gone',
        '1m 20s  simple_grpc: no instances, live again after 17s',
        '        - 10.0.0.1:8000  weight 5  zone eu',
        '        - two  10.0.0.2:8000  weight 100  version 1.2  lane=canary',
        '',
      ].join('\n'),
    );
  });

  it('gives a program every field of each snapshot, the empty first one as well', async () => {
    shows({ snapshot: snapshot({ revision: '3' }) }, { at: 9, snapshot: snapshot({ revision: '4', instances: [lighter, two], added: [two], changed: [lighter], removed: [one] }) });
    expect(await run(['watch', 'simple_grpc', '--json'], context)).to.equal(0);
    expect(context.stdout.json).to.deep.equal([
      { time: 1_000_000, service: 'simple_grpc', status: 'live', revision: '3', instances: [], added: [], removed: [], changed: [] },
      {
        time: 1_000_009,
        service: 'simple_grpc',
        status: 'live',
        revision: '4',
        instances: [
          { id: '10.0.0.1:8000', address: '10.0.0.1:8000', weight: 5, version: null, zone: 'eu', metadata: {} },
          { id: 'two', address: '10.0.0.2:8000', weight: 100, version: '1.2', zone: null, metadata: { lane: 'canary' } },
        ],
        added: ['two'],
        removed: ['10.0.0.1:8000'],
        changed: ['10.0.0.1:8000'],
      },
    ]);
  });

  it('adds since and reason to a stale line only', async () => {
    shows({ snapshot: snapshot({ status: 'stale', since: 999_000, reason: new RollcallError('UNAVAILABLE', 'gone') }) }, { snapshot: snapshot() });
    await run(['watch', 'simple_grpc', '--json'], context);
    const [stale, live] = context.stdout.json as [object, object];
    expect(stale).to.include({ status: 'stale', since: 999_000, reason: 'gone' });
    expect(live).not.to.have.any.keys('since', 'reason');
  });

  it('reports a record that cannot be read once, not with each snapshot', async () => {
    const skipped = [{ key: '/rollcall/x', reason: 'not JSON' }];
    shows({ snapshot: snapshot({ skipped }) }, { snapshot: snapshot({ skipped }) }, { snapshot: snapshot({ skipped: [{ key: '/rollcall/x', reason: 'no address' }] }) });
    await run(['watch', 'simple_grpc'], context);
    expect(context.stderr.text).to.equal('rollcall: skipped the record /rollcall/x: not JSON\nrollcall: skipped the record /rollcall/x: no address\n');
  });

  it('ends quietly when nobody reads its output any more', async () => {
    context.stdout.write = () => context.stdout.closing.abort();
    shows({ snapshot: snapshot() }, { snapshot: snapshot() });
    expect(await run(['watch', 'simple_grpc'], context)).to.equal(0);
    expect(context.stderr.text).to.equal('');
  });

  it('fails when its output cannot be written otherwise', async () => {
    context.stdout.write = () => context.stdout.closing.abort(new RollcallError('INTERNAL', 'cannot write: disk full'));
    shows({ snapshot: snapshot() }, { snapshot: snapshot() });
    expect(await run(['watch', 'simple_grpc'], context)).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: cannot write: disk full\n');
  });

  it('fails when the watch does', async () => {
    context.discovery.watch.throws(new RollcallError('CLOSED', 'the discovery is closed'));
    expect(await run(['watch', 'simple_grpc'], context)).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: the discovery is closed\n');
  });
});
