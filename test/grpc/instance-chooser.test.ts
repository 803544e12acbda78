import { expect } from 'chai';
import sinon from 'sinon';

import { ManualClock } from '../../src/adapters/memory/manual-clock.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance, type InstanceInit, type ServiceInstance } from '../../src/core/instance.js';
import { noteRecordRevision } from '../../src/core/record-revision.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { ConnectionBoard } from '../../src/grpc/balancer/connection-board.js';
import { registerPolicies } from '../../src/grpc/balancer/register.js';
import { InstanceChooser } from '../../src/grpc/instance-chooser.js';
import { ServicePlans } from '../../src/grpc/service-options.js';
import { guardedLogger } from '../../src/core/logger.js';
import { withServiceConfig } from '../../src/grpc/service-config/publish.js';
import { fakeLogger } from '../support/fake-logger.js';

const instance = (id: string, init: Partial<InstanceInit> = {}): ServiceInstance => createInstance({ service: 'orders', id, address: `10.0.0.${id.length}:${1000 + id.charCodeAt(0)}`, ...init });
const [a, b, c] = [instance('a', { zone: 'near' }), instance('b', { zone: 'near' }), instance('c', { zone: 'far' })];

describe('choosing for one channel', () => {
  let clock: ManualClock;
  let board: ConnectionBoard;
  let changed: sinon.SinonSpy;
  let logger: ReturnType<typeof fakeLogger>;
  let chooser: InstanceChooser;

  before(registerPolicies);

  function start(options: Record<string, unknown> = {}): void {
    const plan = new ServicePlans(options, undefined, 'the test').of('orders');
    chooser = new InstanceChooser(plan, { service: 'orders', clock, logger, board, changed });
  }

  const snapshot = (instances: readonly ServiceInstance[], more: Partial<Snapshot> = {}): Snapshot => ({
    ...{ service: 'orders', revision: '7', status: 'live', since: clock.now(), added: [], removed: [], changed: [], skipped: [] },
    instances,
    ...more,
  });

  function called(): string {
    const { resolution } = chooser.choice!;
    return 'unavailable' in resolution ? resolution.unavailable : resolution.endpoints.map(({ instance: { id }, share }) => (share === 1 ? id : `${id}×${share}`)).join();
  }

  function note(): string {
    const { resolution } = chooser.choice!;
    return 'note' in resolution ? resolution.note : '';
  }

  beforeEach(() => {
    clock = new ManualClock();
    board = new ConnectionBoard();
    changed = sinon.spy();
    logger = fakeLogger();
  });

  afterEach(() => {
    chooser[Symbol.dispose]();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('calls everybody by default, and nobody who drains, whatever the policy', () => {
    start({ policy: { ring_hash: { metadataKey: 'user' } } });
    chooser.take(snapshot([a, b, instance('d', { weight: 0 })]));
    expect(called()).to.equal('a,b');
    expect(note()).to.equal('2 of 3 instances of "orders" at revision 7');
  });

  it('calls the newest of two records of one address', () => {
    start();
    const [old, young] = [instance('x', { address: '10.0.0.9:1' }), instance('w', { address: '10.0.0.9:1' })];
    noteRecordRevision(old, '99');
    noteRecordRevision(young, '100');
    chooser.take(snapshot([young, old]));
    expect(called()).to.equal('w');
  });

  it('says why nobody is left', () => {
    start({ filter: 'version=2.*' });
    chooser.take(snapshot([a, b]));
    expect(called()).to.equal('none of 2 instances of "orders" match the filter (version 2.*) (revision 7)');
  });

  it('makes endpoints that stay the same objects over snapshots', () => {
    start();
    chooser.take(snapshot([a, b]));
    const before = chooser.choice!.resolution;
    chooser.take(snapshot([a, b, c], { revision: '8' }));
    const after = chooser.choice!.resolution;
    if (!('endpoints' in before && 'endpoints' in after)) throw new Error('nobody is called');
    expect(after.endpoints.slice(0, 2)).to.have.ordered.members([...before.endpoints]);
    expect(after.endpoints[0]).to.equal(before.endpoints[0]);
  });

  it('leaves out an instance whose server name cannot be told, and says so once', () => {
    const serverName = ({ id }: ServiceInstance): string => {
      if (id === 'a') throw new Error('no name for a');
      return id;
    };
    start({ serverName });
    chooser.take(snapshot([a, b]));
    chooser.take(snapshot([a, b], { revision: '8' }));
    expect(called()).to.equal('b');
    sinon.assert.calledOnce(logger.warn);
  });

  describe('with a zone', () => {
    beforeEach(() => {
      start({ zone: 'near' });
      chooser.take(snapshot([a, b, c]));
    });

    it('stays there while it is well, and spills over while more than half of it is not', async () => {
      expect(called()).to.equal('a,b');
      board.report('a', 'failing', 'gone');
      board.report('b', 'unhealthy', 'NOT_SERVING');
      expect(changed.callCount, 'told from within the policy').to.equal(1);
      await clock.advance(20);
      expect(called()).to.equal('a,b,c');
      expect(note()).to.contain('zone "near" has 0 healthy of 2, 1 are needed; all zones are called');
      expect(changed.callCount, 'once for both').to.equal(2);
      board.report('b', 'ready');
      await clock.advance(20);
      expect(called()).to.equal('a,b');
    });
  });

  it('looks at no connection where health plays no part', async () => {
    start();
    chooser.take(snapshot([a, b]));
    board.report('a', 'failing');
    await clock.advance(10);
    expect(changed.callCount).to.equal(1);
  });

  it('gives a newcomer its share step by step, and tells nothing when it has all of it', async () => {
    start({ slowStart: { window: 10, minShare: 0.1 } });
    chooser.take(snapshot([a, b]));
    expect(called()).to.equal('a,b');
    chooser.take(snapshot([a, b, c]));
    expect(called()).to.equal('a,b,c×0.1');
    await clock.advance(5000);
    expect(called()).to.equal('a,b,c×0.5');
    await clock.advance(5000);
    expect(called()).to.equal('a,b,c');
    const told = changed.callCount;
    expect(told).to.be.lessThan(24);
    expect(clock.pending).to.equal(0);
    await clock.advance(60_000);
    expect(changed.callCount).to.equal(told);
  });

  it('keeps what vanished at once, says so, and believes it after a while', async () => {
    start({ maxLoss: 0.5, holdFor: 30 });
    chooser.take(snapshot([a, b, c]));
    chooser.take(snapshot([c], { revision: '8' }));
    expect(called()).to.equal('a,b,c');
    expect(note()).to.contain('holding 2 of 3 instances that vanished at once at revision 8 (maxLoss 0.5), until');
    expect(chooser.choice!.guarded.holding).to.include({ kind: 'loss', kept: 2 });
    sinon.assert.calledOnce(logger.warn);
    await clock.advance(30_000);
    expect(called()).to.equal('c');
    sinon.assert.calledOnce(logger.info);
  });

  it('fails when the snapshot has been stale for longer than its budget, and comes back with a live one', async () => {
    start({ staleBudget: 60 });
    chooser.take(snapshot([a]));
    chooser.take(snapshot([a], { status: 'stale', since: clock.now(), reason: new RollcallError('UNAVAILABLE', 'etcd is away') }));
    await clock.advance(59_999);
    expect(called()).to.equal('a');
    await clock.advance(1);
    expect(called()).to.match(/^the instances of "orders" are stale since .*, longer than 60 s \(staleBudget\): UNAVAILABLE: etcd is away$/);
    chooser.take(snapshot([a]));
    expect(called()).to.equal('a');
  });

  it('follows the config that servers publish, but not that of one who drains or is not for this client', () => {
    const publishing = (id: string, timeout: string, init: Partial<InstanceInit> = {}): ServiceInstance =>
      instance(id, { ...init, metadata: { ...init.metadata, ...withServiceConfig({}, { methodConfig: [{ name: [{}], timeout }] }) } });
    const timeout = (): unknown => chooser.choice!.published.config?.methodConfig[0]?.timeout;
    start({ filter: 'lane!=canary' });
    const [live, paused, canary] = [publishing('a', '1s'), publishing('b', '2s', { weight: 0 }), publishing('c', '3s', { metadata: { lane: 'canary' } })];
    for (const [index, each] of [live, paused, canary].entries()) noteRecordRevision(each, String(10 + index));
    chooser.take(snapshot([live, paused, canary]));
    expect(timeout()).to.deep.equal({ seconds: 1, nanos: 0 });
    chooser.take(snapshot([paused]));
    expect(timeout(), 'where nobody else is left').to.deep.equal({ seconds: 2, nanos: 0 });
  });

  it('ends a hold though the logger throws', async () => {
    logger.warn.throws(new Error('disk full'));
    chooser = new InstanceChooser(new ServicePlans({ maxLoss: 0.5, holdFor: 5 }, undefined, 'x').of('orders'), { service: 'orders', clock, logger: guardedLogger(logger), board, changed });
    chooser.take(snapshot([a, b, c]));
    chooser.take(snapshot([]));
    expect(called()).to.equal('a,b,c');
    await clock.advance(5000);
    expect(called()).to.contain('no instances');
  });

  it('calls an instance again once its server name can be told', () => {
    let fails = true;
    start({
      serverName: ({ id }: ServiceInstance): string => {
        if (fails && id === 'a') throw new Error('not yet');
        return id;
      },
    });
    chooser.take(snapshot([a, b]));
    expect([called(), note(), chooser.whyNot(a)]).to.deep.equal(['b', '1 of 2 instances of "orders" at revision 7', 'not yet']);
    fails = false;
    chooser.take(snapshot([a, b], { revision: '8' }));
    expect([called(), chooser.whyNot(a)]).to.deep.equal(['a,b', undefined]);
  });

  it('tells nothing once it is disposed', async () => {
    start({ slowStart: 10, zone: 'near' });
    chooser.take(snapshot([a]));
    chooser.take(snapshot([a, c]));
    chooser[Symbol.dispose]();
    board.report('a', 'failing');
    await clock.advance(20_000);
    expect(changed.callCount).to.equal(2);
  });
});
