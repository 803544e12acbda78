import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { rollcallLayout } from '../../../src/adapters/etcd/layouts/rollcall.js';
import { RecordCodec } from '../../../src/adapters/etcd/record-codec.js';
import { ServiceFollower } from '../../../src/adapters/etcd/service-follower.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { KeyValue, WatchResponse } from '../../../src/adapters/etcd/transport.js';
import { WatchStream } from '../../../src/adapters/etcd/watch-stream.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { ServiceFeed } from '../../../src/core/service-feed.js';
import type { Snapshot } from '../../../src/core/snapshot.js';
import { countListeners } from '../../support/count-listeners.js';
import { fakeSession, type FakeTransport, header } from './fake-transport.js';

function record(id: string, revision: string): KeyValue {
  return {
    key: Buffer.from(`/rollcall/s/${id}`),
    value: Buffer.from(`{"address":"${id}:80"}`),
    create_revision: revision,
    mod_revision: revision,
    version: '1',
    lease: '0',
  };
}

describe('following a service', () => {
  let clock: sinon.SinonFakeTimers;
  let opened: FakeTransport[];
  /** What stands in the store, at its revision. */
  let store: { revision: string; kvs: KeyValue[] };
  let session: EtcdSession;
  let follower: ServiceFollower;
  let seen: Snapshot[];
  /** What members opened from now on are like; default: they answer from the store. */
  let prepare: ((transport: FakeTransport) => void) | undefined;

  beforeEach(() => {
    prepare = undefined;
    clock = sinon.useFakeTimers();
    opened = [];
    store = { revision: '10', kvs: [] };
    seen = [];
    session = fakeSession(['h1:1'], opened, (transport) => {
      if (prepare !== undefined) {
        prepare(transport);
        return;
      }
      transport.range.callsFake((request) => {
        const from = store.kvs.filter(({ key }) => Buffer.compare(key, request.key!) >= 0);
        const limit = Number(request.limit);
        return Promise.resolve({ header: header(store.revision), kvs: from.slice(0, limit), more: from.length > limit, count: String(from.length) });
      });
    });
    const feed = new ServiceFeed('s', { clock: systemClock, logger: silentLogger });
    feed.listen((snapshot) => seen.push(snapshot));
    follower = new ServiceFollower('s', feed, {
      session,
      watches: new WatchStream(session, { clock: systemClock, logger: silentLogger }),
      codec: new RecordCodec([{ prefix: '/rollcall', layout: rollcallLayout }]),
      clock: systemClock,
      random: () => 0,
      logger: silentLogger,
    });
  });

  afterEach(async () => {
    follower[Symbol.dispose]();
    await session.close();
    await clock.tickAsync(0);
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  const stream = (): FakeTransport['watches'][number] => opened.at(-1)!.watches.at(-1)!;
  const created = (id = '1'): void => stream().answer(message({ created: true }, id));
  const message = (fields: Partial<WatchResponse>, id = '1'): WatchResponse => ({
    header: header(store.revision),
    watch_id: id,
    created: false,
    canceled: false,
    compact_revision: '0',
    cancel_reason: '',
    fragment: false,
    events: [],
    ...fields,
  });
  const ids = (): string[] => seen.at(-1)!.instances.map(({ id }) => id);

  it('lists, then watches from exactly the next revision', async () => {
    store.kvs = [record('a', '9')];
    await clock.tickAsync(0);
    expect(ids()).to.deep.equal(['a']);
    expect(stream().written[0]?.create_request).to.deep.include({ start_revision: '11', key: Buffer.from('/rollcall/s/') });
  });

  it('lists page by page, all at the revision of the first', async () => {
    store.kvs = Array.from({ length: 9_000 }, (_, index) => record(`a${String(index).padStart(4, '0')}`, '9'));
    await clock.tickAsync(0);
    expect(ids()).to.have.length(9_000);
    const pages = opened[0]!.range.args.map(([request]) => request).filter(({ keys_only }) => keys_only !== true);
    expect(pages.map(({ revision }) => revision)).to.deep.equal([undefined, '10', '10']);
    // The newest revision is a matter of the quorum; what a revision holds, every member that has it knows.
    expect(pages.map(({ serializable }) => serializable)).to.deep.equal([undefined, true, true]);
    expect(seen).to.have.length(1);
  });

  it('takes the last of several events of one key', async () => {
    await clock.tickAsync(0);
    created();
    const put = { type: 'Put', kv: record('a', '11'), prev_kv: record('a', '11') } as const;
    const gone = { type: 'Delete', kv: record('a', '12'), prev_kv: record('a', '11') } as const;
    stream().answer(message({ events: [put, gone] }));
    // It came and went within one message: nobody has to hear of it.
    expect(seen).to.have.length(1);
    stream().answer(message({ events: [gone, { ...put, kv: record('a', '13') }] }));
    expect(ids()).to.deep.equal(['a']);
    expect(seen.at(-1)!.revision).to.equal('13');
  });

  it('lists again after the watch fell behind a compaction, and diffs', async () => {
    store.kvs = [record('a', '9'), record('b', '9')];
    await clock.tickAsync(0);
    created();
    const [before] = seen;
    store = { revision: '50', kvs: [record('b', '9'), record('c', '40')] };
    stream().answer(message({ canceled: true, compact_revision: '45' }));
    await clock.tickAsync(1_000);
    expect(ids()).to.deep.equal(['b', 'c']);
    expect(seen.at(-1)!).to.deep.include({ status: 'live', revision: '50' });
    expect(seen.at(-1)!.removed.map(({ id }) => id)).to.deep.equal(['a']);
    // Who stayed is the very same object.
    expect(seen.at(-1)!.instances[0]).to.equal(before!.instances[1]);
  });

  it('turns stale when the connection is lost, keeps what it knew, and is live again after the next list', async () => {
    store.kvs = [record('a', '9')];
    await clock.tickAsync(0);
    created();
    stream().fail(new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    expect(seen.at(-1)).to.include({ status: 'stale' });
    expect(ids()).to.deep.equal(['a']);
    await clock.tickAsync(1_000);
    expect(seen.at(-1)).to.include({ status: 'live' });
    expect(seen.flatMap(({ removed }) => removed)).to.deep.equal([]);
  });

  it('goes on trying, stale, where it may not read, at most once a second', async () => {
    await clock.tickAsync(0);
    stream().answer(message({ created: true, canceled: true, cancel_reason: 'etcdserver: permission denied' }));
    await clock.tickAsync(0);
    expect(seen.at(-1)!.reason).to.include({ code: 'PERMISSION_DENIED' });
    const before = opened[0]!.watches.length + opened[0]!.range.callCount;
    for (let second = 0; second < 20; second++) {
      const id = stream().written.at(-1)?.create_request?.watch_id;
      stream().answer(message({ created: true, canceled: true, cancel_reason: 'etcdserver: permission denied' }, String(id)));
      await clock.tickAsync(1_000);
    }
    expect(opened[0]!.watches.length + opened[0]!.range.callCount - before).to.be.at.most(2 * 20 * 2 + 20);
  });

  it('tells of what the session meets while there is no watch, and holds nothing of the session while there is one', async () => {
    const listening = sinon.spy(session, 'onTrouble');
    await clock.tickAsync(0);
    created();
    const waiting = countListeners(session.signal)();
    stream().fail(new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    await clock.tickAsync(10);
    expect(listening.callCount).to.equal(1);
    expect(countListeners(session.signal)()).to.be.above(waiting);
    await clock.tickAsync(1_000);
    created('2');
    expect(seen.at(-1)).to.include({ status: 'live' });
    expect(countListeners(session.signal)()).to.equal(waiting);
    // Once more, and what the session says then is passed on.
    stream().fail(new EtcdError('UNAVAILABLE', 'connection', 'cut again'));
    await clock.tickAsync(1_000);
    expect(seen.map(({ status }) => status)).to.deep.equal(['live', 'stale', 'live', 'stale', 'live']);
  });

  it('is told that waiting alone will not help, also while it waits for a member', async () => {
    await clock.tickAsync(0);
    created();
    stream().fail(new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    expect(seen.at(-1)!.reason).to.include({ code: 'UNAVAILABLE' });
    for (const transport of opened) transport.range.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'wrong password'));
    prepare = (transport) => transport.range.rejects(new EtcdError('UNAUTHENTICATED', 'other', 'wrong password'));
    await clock.tickAsync(2_000);
    expect(seen.at(-1)!.reason).to.include({ code: 'UNAUTHENTICATED' });
  });

  it('asks for nothing any more once it is disposed', async () => {
    await clock.tickAsync(0);
    created();
    follower[Symbol.dispose]();
    await clock.tickAsync(0);
    expect(stream().ended).to.equal(true);
    // The session's own questions, whether etcd is there, ask for one key.
    const lists = (): number => opened[0]!.range.args.filter(([request]) => request.limit !== 1).length;
    const before = lists();
    await clock.tickAsync(60_000);
    expect(lists()).to.equal(before);
  });
});
