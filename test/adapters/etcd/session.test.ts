import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import { RollcallError } from '../../../src/core/errors.js';
import { fakeSession, type FakeTransport, firstWait, header } from './fake-transport.js';

const refused = (endpoint: string): EtcdError => new EtcdError('UNAVAILABLE', 'connection', `etcd ${endpoint}: refused`);
const never = new AbortController().signal;

describe('the etcd session', () => {
  let clock: sinon.SinonFakeTimers;
  let opened: FakeTransport[];
  let prepare: (transport: FakeTransport) => void;
  let session: EtcdSession;

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    opened = [];
    prepare = () => undefined;
  });

  afterEach(async () => {
    const closing = session.close();
    await clock.runAllAsync();
    await closing;
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  function start(endpoints: readonly string[]): EtcdSession {
    session = fakeSession(endpoints, opened, (transport) => prepare(transport));
    return session;
  }

  it('is ready once a member has answered the probe', async () => {
    const transport = await start(['h1:1']).ready(never);
    expect(transport.endpoint).to.equal('h1:1');
    expect(opened[0]?.authenticate.calledBefore(opened[0].range)).to.equal(true);
  });

  it('tries every member at once before it waits', async () => {
    prepare = (transport) => {
      if (transport.endpoint !== 'h3:1') transport.range.rejects(refused(transport.endpoint));
    };
    const transport = await start(['h1:1', 'h2:1', 'h3:1']).ready(never);
    expect(transport.endpoint).to.equal('h3:1');
    expect(opened.slice(0, 2).every((each) => each.close.calledOnce)).to.equal(true);
    expect(clock.now).to.equal(0);
  });

  it('tries again with growing waits, for ever, and never more than about three times a second', async () => {
    prepare = (transport) => transport.range.rejects(refused(transport.endpoint));
    const ready = start(['h1:1']).ready(never).catch((error: unknown) => error);
    await clock.tickAsync(60_000);
    // Half of each bound, as random is 0: 25, 50, 100, 200, then 300 ms, which is the least that chance can make of it.
    expect(opened.length).to.be.within(190, 210);
    expect(session.trouble).to.have.property('message', 'etcd h1:1: refused');
    await session.close();
    expect(await ready).to.have.property('code', 'CLOSED');
  });

  it('leaves a member that is reported, closes its transport and goes to the next', async () => {
    const first = await start(['h1:1', 'h2:1']).ready(never);
    const seen: string[] = [];
    session.onTrouble((reason) => seen.push(`trouble ${reason.message}`));
    session.onLive((transport) => seen.push(`live ${transport.endpoint}`));
    session.report(first, refused('h1:1'));
    expect(opened[0]?.close.calledOnce).to.equal(true);
    await clock.tickAsync(firstWait);
    expect((await session.ready(never)).endpoint).to.equal('h2:1');
    expect(seen).to.deep.equal(['trouble etcd h1:1: refused', 'live h2:1']);
    expect(session.trouble).to.equal(undefined);
  });

  it('takes a second report of the same transport for nothing', async () => {
    const first = await start(['h1:1', 'h2:1']).ready(never);
    session.report(first, refused('h1:1'));
    await clock.tickAsync(firstWait);
    session.report(first, refused('h1:1'));
    expect(session.transport?.endpoint).to.equal('h2:1');
  });

  it('fails to start within its time, naming the members and what kept failing', async () => {
    prepare = (transport) => transport.range.rejects(refused(transport.endpoint));
    const started = start(['h1:1', 'h2:1']).start(3_000, undefined).catch((error: unknown) => error);
    await clock.tickAsync(3_000);
    const error = await started;
    expect(error).to.be.instanceOf(RollcallError).and.include({ code: 'UNAVAILABLE', retryable: true });
    expect((error as Error).message).to.match(/h1:1, h2:1.*refused/);
  });

  it('fails to start at once where waiting cannot help', async () => {
    prepare = (transport) => transport.authenticate.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
    const error = await start(['h1:1']).start(3_000, undefined).catch((cause: unknown) => cause);
    expect(error).to.have.property('code', 'UNAUTHENTICATED');
    expect(clock.now).to.equal(0);
  });

  it('waits without end when it is told to', async function () {
    // Hundreds of attempts, each with doubles of its own: slow on a busy machine.
    this.timeout(60_000);
    let up = false;
    prepare = (transport) => {
      if (!up) transport.range.rejects(refused(transport.endpoint));
    };
    const started = start(['h1:1']).start(undefined, undefined);
    await clock.tickAsync(300_000);
    up = true;
    await clock.tickAsync(1_000);
    await started;
  });

  it('stops waiting when the signal aborts', async () => {
    prepare = (transport) => transport.range.rejects(refused(transport.endpoint));
    const controller = new AbortController();
    const started = start(['h1:1']).start(undefined, controller.signal).catch((error: unknown) => error);
    await clock.tickAsync(10);
    controller.abort();
    expect(await started).to.have.property('code', 'ABORTED');
  });

  it('reads from another member when one does not answer', async () => {
    start(['h1:1', 'h2:1']);
    const reading = session.repeatable('reading', never, (transport) => (transport.endpoint === 'h1:1' ? Promise.reject(refused('h1:1')) : Promise.resolve('read')));
    await clock.tickAsync(100);
    expect(await reading).to.equal('read');
  });

  it('takes it for nothing against the member when whoever asked gave up', async () => {
    const transport = await start(['h1:1', 'h2:1']).ready(never);
    const controller = new AbortController();
    controller.abort();
    expect(session.failed(transport, refused('h1:1'), controller.signal)).to.have.property('code', 'ABORTED');
    expect(session.transport).to.equal(transport);
    expect(session.failed(transport, refused('h1:1'), never)).to.have.property('code', 'UNAVAILABLE');
    expect(session.transport).to.equal(undefined);
  });

  it('waits between members that let us in and fail right afterwards', async () => {
    start(['h1:1', 'h2:1']);
    session.onLive((transport) => {
      void Promise.resolve().then(() => session.report(transport, refused(transport.endpoint)));
    });
    session.ready(never).catch(() => undefined);
    await clock.tickAsync(10_000);
    expect(opened.length).to.be.within(10, 40);
  });

  it('waits a moment only when it leaves a member that served for a while', async () => {
    let transport = await start(['h1:1', 'h2:1']).ready(never);
    for (let i = 0; i < 5; i++) {
      await clock.tickAsync(5_000);
      session.report(transport, refused('h1:1'));
      await clock.tickAsync(firstWait);
      expect(session.transport).to.not.equal(undefined);
      transport = await session.ready(never);
    }
  });

  it('tries the next member beside one that is silent, and keeps the one that answers first', async () => {
    prepare = (transport) => {
      if (transport.endpoint === 'h1:1') transport.range.returns(new Promise(() => undefined));
    };
    start(['h1:1', 'h2:1', 'h3:1']).ready(never).catch(() => undefined);
    await clock.tickAsync(299);
    expect(opened.map(({ endpoint }) => endpoint)).to.deep.equal(['h1:1']);
    await clock.tickAsync(1);
    expect(session.transport?.endpoint).to.equal('h2:1');
    expect(opened).to.have.length(2);
    expect((opened[0]!.range.firstCall.args[1].signal as AbortSignal).aborted, 'the attempt on the silent one is given up').to.equal(true);
  });

  it('closes the second of two members that answer in the same moment', async () => {
    const answers: (() => void)[] = [];
    prepare = (transport) => {
      transport.range.returns(new Promise((resolve) => answers.push(() => resolve({ header: header('1'), kvs: [], more: false, count: '0' }))));
    };
    start(['h1:1', 'h2:1']).ready(never).catch(() => undefined);
    await clock.tickAsync(400);
    for (const each of answers) each();
    await clock.tickAsync(0);
    expect(session.transport?.endpoint).to.equal('h1:1');
    expect(opened.map(({ close }) => close.callCount)).to.deep.equal([0, 1, ...opened.slice(2).map(() => 1)]);
  });

  it('asks a member that refuses us again after waits that grow up to half a minute, and says why meanwhile', async () => {
    start(['h1:1']);
    await session.ready(never);
    prepare = (transport) => transport.authenticate.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
    session.report(opened[0]!, refused('h1:1'));
    await clock.tickAsync(300_000);
    // 0.5, 1, 2, 4, 8, then 15 s at the least: about two dozen in five minutes, where a member that is down is asked a thousand times.
    expect(opened.length).to.be.within(20, 30);
    expect(session.trouble).to.have.property('code', 'UNAUTHENTICATED');
    prepare = () => undefined;
    await clock.tickAsync(30_000);
    expect(session.transport?.endpoint).to.equal('h1:1');
  });

  it('is not held up by a member that refuses us when another one is back', async () => {
    let up = true;
    prepare = (transport) => {
      if (transport.endpoint === 'h1:1') transport.authenticate.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
      else if (!up) transport.range.rejects(refused('h2:1'));
    };
    start(['h1:1', 'h2:1']);
    const transport = await session.ready(never);
    up = false;
    session.report(transport, refused('h2:1'));
    await clock.tickAsync(60_000);
    up = true;
    await clock.tickAsync(700);
    expect(session.transport?.endpoint).to.equal('h2:1');
  });

  it('says that a member has no quorum when it answers from its own copy only', async () => {
    prepare = (transport) => {
      transport.range.callsFake((request) =>
        request.serializable === true
          ? Promise.resolve({ header: header('1'), kvs: [], more: false, count: '0' })
          : Promise.reject(new EtcdError('TIMEOUT', 'connection', 'etcd h1:1: Deadline exceeded')),
      );
    };
    const started = start(['h1:1']).start(3_000, undefined).catch((error: unknown) => error);
    await clock.tickAsync(3_000);
    expect(((await started) as Error).message).to.match(/h1:1 has no quorum/);
  });

  for (const [what, changed] of [
    ['revisions that go back', { ...header('5') }],
    ['another cluster', { ...header('20'), cluster_id: '2' }],
  ] as const) {
    it(`notices another history by ${what}, before anybody uses the new connection`, async () => {
      const seen: string[] = [];
      prepare = (transport) => transport.range.resolves({ header: header('10'), kvs: [], more: false, count: '0' });
      const first = await start(['h1:1']).ready(never);
      session.onHistoryChange(({ message }) => seen.push(message));
      session.onLive(() => seen.push('live'));
      prepare = (transport) => transport.range.resolves({ header: changed, kvs: [], more: false, count: '0' });
      session.report(first, refused('h1:1'));
      await clock.tickAsync(firstWait);
      expect(seen).to.have.length(2);
      expect(seen[0]).to.match(/another history than before: (?:revision 5 after 10|cluster 2 instead of 1)/);
      expect(session.connection.counters.historyChanges).to.equal(1);
      // Once only: from here on it is the known one.
      session.report(opened[1]!, refused('h1:1'));
      await clock.tickAsync(5_000);
      expect(session.connection.counters).to.include({ historyChanges: 1, reconnects: 2 });
    });
  }

  it('takes an answer that was overtaken by another for no other history', async () => {
    prepare = (transport) => transport.range.resolves({ header: header('10'), kvs: [], more: false, count: '0' });
    const transport = await start(['h1:1']).ready(never);
    const before = session.revision;
    session.observe(transport, header('12'));
    session.observe(transport, header('11'), before);
    session.observe(transport, header('9'));
    expect(session.connection.counters.historyChanges).to.equal(0);
    expect(session.revision).to.equal('12');
  });

  it('fails to start at once where every member refuses us, also if it is told to wait for etcd', async () => {
    prepare = (transport) => transport.authenticate.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
    expect(await start(['h1:1', 'h2:1']).start(undefined, undefined).catch((cause: unknown) => cause)).to.have.property('code', 'UNAUTHENTICATED');
    expect(opened).to.have.length(2);
  });

  it('is not given up because one of several members refuses us again and again while the others are slow', async () => {
    prepare = (transport) => {
      if (transport.endpoint === 'h1:1') transport.authenticate.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
      else transport.range.callsFake(() => new Promise((resolve) => setTimeout(() => resolve({ header: header('1'), kvs: [], more: false, count: '0' }), 1_900)));
    };
    const started = start(['h1:1', 'h2:1', 'h3:1']).start(5_000, undefined);
    await clock.tickAsync(2_500);
    await started;
    expect(opened.filter(({ endpoint }) => endpoint === 'h1:1').length).to.be.at.least(2);
    expect(session.transport?.endpoint).to.equal('h2:1');
  });

  it('notices that etcd is gone although nothing asks for it, and that it is let in again', async () => {
    start(['h1:1']);
    await session.ready(never);
    await clock.tickAsync(4_999);
    expect(opened[0]!.range.callCount).to.equal(1);
    await clock.tickAsync(1);
    expect(opened[0]!.range.callCount).to.equal(2);
    opened[0]!.range.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'authentication failed'));
    await clock.tickAsync(5_000);
    // The member stays, for it takes the pings of leases; but nothing else works.
    expect(session.transport).to.equal(opened[0]);
    expect(session.connection.state).to.equal('lost');
    opened[0]!.range.resolves({ header: header('1'), kvs: [], more: false, count: '0' });
    await clock.tickAsync(5_000);
    expect(session.connection.state).to.equal('connected');
    opened[0]!.range.rejects(refused('h1:1'));
    await clock.tickAsync(5_000);
    expect(session.transport).to.not.equal(opened[0]);
  });

  it('starts on another member where one is set up wrongly', async () => {
    prepare = (transport) => {
      if (transport.endpoint === 'h1:1') transport.range.rejects(new EtcdError('INTERNAL', 'other', 'unknown service'));
    };
    await start(['h1:1', 'h2:1']).start(3_000, undefined);
    expect(session.transport?.endpoint).to.equal('h2:1');
  });

  it('does not try a read again that was refused', async () => {
    start(['h1:1']);
    const read = sinon.stub().rejects(new EtcdError('PERMISSION_DENIED', 'other', 'no'));
    expect(await session.repeatable('reading', never, read).catch((error: unknown) => error)).to.have.property('code', 'PERMISSION_DENIED');
    expect(read.callCount).to.equal(1);
  });

  it('takes a member that may not be read for one that answers', async () => {
    prepare = (transport) => transport.range.rejects(new EtcdError('PERMISSION_DENIED', 'other', 'no'));
    expect((await start(['h1:1']).ready(never)).endpoint).to.equal('h1:1');
  });
});
