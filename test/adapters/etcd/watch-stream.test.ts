import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { EtcdTransport, WatchResponse } from '../../../src/adapters/etcd/transport.js';
import { WatchStream } from '../../../src/adapters/etcd/watch-stream.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { fakeSession, type FakeTransport, header } from './fake-transport.js';

const never = new AbortController().signal;

function response(id: string, fields: Partial<WatchResponse>): WatchResponse {
  return { header: header('99'), watch_id: id, created: false, canceled: false, compact_revision: '0', cancel_reason: '', fragment: false, events: [], ...fields };
}

function put(key: string, revision: string): WatchResponse['events'][number] {
  const kv = { key: Buffer.from(key), value: Buffer.from('v'), create_revision: revision, mod_revision: revision, version: '1', lease: '0' };
  return { type: 'Put', kv, prev_kv: kv };
}

describe('the watch stream', () => {
  let session: EtcdSession;
  let stream: WatchStream;
  let transport: EtcdTransport;
  let opened: FakeTransport[];

  beforeEach(async () => {
    opened = [];
    session = fakeSession(['h1:1'], opened);
    stream = new WatchStream(session, { clock: systemClock, logger: silentLogger });
    transport = await session.ready(never);
  });

  afterEach(() => session.close());

  const server = (): FakeTransport['watches'][number] => opened[0]!.watches.at(-1)!;
  const handlers = () => ({ created: sinon.spy(), events: sinon.spy(), ended: sinon.spy() });
  const target = (key: string) => ({ key: Buffer.from(key), start_revision: '5' });

  it('carries all watches on one stream, each from its own revision', () => {
    stream.open(transport, target('a'), handlers());
    stream.open(transport, { ...target('b'), start_revision: '7' }, handlers());
    expect(opened[0]!.watches).to.have.length(1);
    expect(server().written.map(({ create_request }) => create_request?.start_revision)).to.deep.equal(['5', '7']);
  });

  it('gives events to the watch they belong to, with their own revision and not the header’s', () => {
    const [a, b] = [handlers(), handlers()];
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().answer(response('1', { created: true }));
    server().answer(response('1', { events: [put('a', '6')] }));
    expect(a.created.callCount).to.equal(1);
    expect(a.events.firstCall.args[1]).to.equal('6');
    expect(b.events.callCount).to.equal(0);
  });

  it('holds the fragments of a revision back until it is whole', () => {
    const a = handlers();
    stream.open(transport, target('a'), a);
    server().answer(response('1', { created: true }));
    server().answer(response('1', { events: [put('a', '6')], fragment: true }));
    expect(a.events.callCount).to.equal(0);
    server().answer(response('1', { events: [put('b', '6')] }));
    expect(a.events.firstCall.args[0]).to.have.length(2);
  });

  it('ends a watch that fell behind a compaction, and only that one', () => {
    const [a, b] = [handlers(), handlers()];
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().answer(response('1', { created: true }));
    server().answer(response('1', { canceled: true, compact_revision: '50' }));
    expect(a.ended.firstCall.args[0]).to.include({ kind: 'compacted' });
    expect(b.ended.callCount).to.equal(0);
  });

  it('ends a watch that is refused at once, also when the answer does not carry its id', () => {
    const [a, b] = [handlers(), handlers()];
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().answer(response('1', { created: true }));
    server().answer(response('-1', { created: true, canceled: true, cancel_reason: 'etcdserver: permission denied' }));
    expect(b.ended.firstCall.args[0]).to.include({ code: 'PERMISSION_DENIED' });
    expect(a.ended.callCount).to.equal(0);
  });

  it('opens a new stream after one was refused for its token, and stays with the member', () => {
    const [a, b] = [handlers(), handlers()];
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().answer(response('1', { created: true }));
    server().answer(response('2', { created: true, canceled: true, cancel_reason: 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token' }));
    expect([a.ended.callCount, b.ended.callCount]).to.deep.equal([1, 1]);
    expect(session.transport).to.equal(transport);
    stream.open(transport, target('a'), a);
    expect(opened[0]!.watches).to.have.length(2);
  });

  it('ends every watch once when the stream fails, and makes the session leave the member', () => {
    const [a, b] = [handlers(), handlers()];
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().fail(new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    expect([a.ended.callCount, b.ended.callCount]).to.deep.equal([1, 1]);
    expect(session.transport).to.equal(undefined);
    expect(opened[0]!.close.callCount).to.equal(1);
  });

  it('ends every watch when the session leaves the member for another reason', () => {
    const a = handlers();
    stream.open(transport, target('a'), a);
    session.report(transport, new EtcdError('TIMEOUT', 'connection', 'no answer to a ping'));
    expect(a.ended.callCount).to.equal(1);
  });

  it('cancels a watch that is disposed, and ends the stream with the last', () => {
    const first = stream.open(transport, target('a'), handlers());
    const second = stream.open(transport, target('b'), handlers());
    first[Symbol.dispose]();
    expect(server().written.at(-1)).to.deep.equal({ cancel_request: { watch_id: '1' } });
    second[Symbol.dispose]();
    expect(server().ended).to.equal(true);
  });

  it('starts a watch afresh whose events could not be taken in, instead of losing them', () => {
    const a = { ...handlers(), events: sinon.stub().throws(new Error('broken')) };
    const b = handlers();
    stream.open(transport, target('a'), a);
    stream.open(transport, target('b'), b);
    server().answer(response('1', { events: [put('a', '6')] }));
    expect(a.ended.callCount).to.equal(1);
    server().answer(response('2', { events: [put('b', '6')] }));
    expect(b.events.callCount).to.equal(1);
  });

  it('takes a refusal of the sign of life for one, also where it comes without its id', async () => {
    const clock = sinon.useFakeTimers();
    try {
      session = fakeSession(['h1:1'], opened);
      stream = new WatchStream(session, { clock: systemClock, logger: silentLogger });
      transport = await session.ready(never);
      const a = handlers();
      stream.open(transport, target('a'), a);
      const watches = opened.at(-1)!.watches.at(-1)!;
      watches.answer(response('1', { created: true }));
      await clock.tickAsync(1_000);
      watches.answer(response('-1', { created: true, canceled: true, cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied' }));
      const b = handlers();
      stream.open(transport, target('b'), b);
      watches.answer(response('3', { created: true }));
      expect([a.ended.callCount, b.created.callCount]).to.deep.equal([0, 1]);
      await session.close();
      await clock.runAllAsync();
    } finally {
      clock.restore();
    }
  });

  it('asks for a sign of life with a key that it was let watch, and of a range with one key', async () => {
    const clock = sinon.useFakeTimers();
    try {
      session = fakeSession(['h1:1'], opened);
      stream = new WatchStream(session, { clock: systemClock, logger: silentLogger });
      transport = await session.ready(never);
      stream.open(transport, { ...target('a/'), range_end: Buffer.from('a0') }, handlers());
      stream.open(transport, target('b'), handlers());
      const watches = opened.at(-1)!.watches.at(-1)!;
      watches.answer(response('1', { created: true }));
      watches.answer(response('-1', { created: true, canceled: true, cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied' }));
      await clock.tickAsync(1_000);
      expect(watches.written.at(-2)).to.deep.equal({ create_request: { key: Buffer.from('a/'), start_revision: '0', watch_id: '3' } });
      await session.close();
      await clock.runAllAsync();
    } finally {
      clock.restore();
    }
  });

  it('leaves no timer behind when the session closes, whoever still watches', async () => {
    const clock = sinon.useFakeTimers();
    try {
      session = fakeSession(['h1:1'], opened);
      stream = new WatchStream(session, { clock: systemClock, logger: silentLogger });
      transport = await session.ready(never);
      stream.open(transport, target('a'), handlers());
      await session.close();
      expect(clock.countTimers()).to.equal(0);
    } finally {
      clock.restore();
    }
  });

  it('closes the stream with the last watch, also when it was etcd that ended that', () => {
    const a = handlers();
    stream.open(transport, target('a'), a);
    server().answer(response('1', { created: true, canceled: true, cancel_reason: 'etcdserver: permission denied' }));
    expect(a.ended.callCount).to.equal(1);
    expect(server().ended).to.equal(true);
    expect(session.transport).to.equal(transport);
  });

  it('asks a silent stream for a sign of life, and leaves the member if none comes', async () => {
    const clock = sinon.useFakeTimers();
    try {
      // A session of its own, born under this clock.
      session = fakeSession(['h1:1'], opened);
      stream = new WatchStream(session, { clock: systemClock, logger: silentLogger });
      transport = await session.ready(never);
      const a = handlers();
      stream.open(transport, target('a'), a);
      const watches = opened.at(-1)!.watches.at(-1)!;
      const asked = (): number => watches.written.filter((request) => 'cancel_request' in request).length;
      watches.answer(response('1', { created: true }));
      await clock.tickAsync(1_000);
      expect(asked()).to.equal(1);
      // A watch that is taken back at once, of a key that we may watch, from now on: every etcd answers that at once.
      expect(watches.written.slice(-2)).to.deep.equal([
        { create_request: { key: Buffer.from('a'), start_revision: '0', watch_id: '2' } },
        { cancel_request: { watch_id: '2' } },
      ]);
      watches.answer(response('2', { created: true }));
      watches.answer(response('2', { canceled: true }));
      expect(session.connection.details.revision).to.equal('99');
      await clock.tickAsync(1_000);
      expect(asked()).to.equal(2);
      expect(a.ended.callCount).to.equal(0);
      await clock.tickAsync(1_000);
      expect(a.ended.callCount).to.equal(1);
      expect((a.ended.firstCall.args[0] as Error).message).to.equal('etcd h1:1: the watch stream has been silent for 2000 ms');
      expect(session.transport).to.equal(undefined);
      await session.close();
      await clock.runAllAsync();
      expect(clock.countTimers()).to.equal(0);
    } finally {
      clock.restore();
    }
  });
});
