import { expect } from 'chai';
import sinon from 'sinon';

import { RollcallError } from '../../src/core/errors.js';
import { FeedWatch } from '../../src/core/feed-watch.js';
import { createInstance } from '../../src/core/instance.js';
import { type RecordState, ServiceFeed } from '../../src/core/service-feed.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { countListeners } from '../support/count-listeners.js';
import { expectRejection, expectThrow } from '../support/expect-rejection.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';
import { readAll } from '../support/read-all.js';

const put = (id: string, weight = 100): RecordState => ({ key: id, instance: createInstance({ service: 's', address: 'h:1', id, weight }) });
const ids = (snapshot: Snapshot | undefined): string[] | undefined => snapshot?.instances.map(({ id }) => id);

describe('FeedWatch', () => {
  let feed: ServiceFeed;
  let logger: ReturnType<typeof fakeLogger>;
  let acquire: sinon.SinonStub<[FeedWatch], ServiceFeed>;
  let release: sinon.SinonStub<[FeedWatch], undefined>;
  let revision: number;

  beforeEach(() => {
    logger = fakeLogger();
    revision = 1;
    feed = new ServiceFeed('s', { clock: new FakeClock(), logger });
    acquire = sinon.stub<[FeedWatch], ServiceFeed>().callsFake(() => feed);
    release = sinon.stub<[FeedWatch], undefined>();
  });

  const open = (signal?: AbortSignal): FeedWatch => new FeedWatch({ service: 's', logger, signal, acquire, release });
  const apply = (...changes: RecordState[]): void => feed.apply(changes, String(++revision));
  const collect = (watch: FeedWatch): { snapshots: Snapshot[] } & Disposable => {
    const snapshots: Snapshot[] = [];
    return Object.assign(watch.subscribe((snapshot) => snapshots.push(snapshot)), { snapshots });
  };

  it('holds nothing until somebody reads, and again after the last reader', async () => {
    const watch = open();
    expect(acquire.callCount).to.equal(0);
    feed.replace([put('a')], '1');
    expect(watch.current).to.equal(undefined);
    const one = collect(watch);
    const two = collect(watch);
    await settle();
    expect(acquire.callCount).to.equal(1);
    expect(ids(watch.current)).to.deep.equal(['a']);
    one[Symbol.dispose]();
    expect(release.callCount).to.equal(0);
    two[Symbol.dispose]();
    two[Symbol.dispose]();
    expect(release.callCount).to.equal(1);
    expect(watch.current).to.equal(undefined);
    collect(watch);
    expect(acquire.callCount).to.equal(2);
  });

  it('gives a subscriber the present snapshot soon, but never from within subscribe', async () => {
    feed.replace([put('a')], '1');
    const { snapshots } = collect(open());
    expect(snapshots).to.have.length(0);
    await settle();
    expect(snapshots).to.deep.equal([feed.current]);
    apply(put('b'));
    expect(snapshots).to.have.length(2);
  });

  it('gives a snapshot that arrives before the first turn only once', async () => {
    const { snapshots } = collect(open());
    feed.replace([put('a')], '1');
    await settle();
    expect(snapshots.map(ids)).to.deep.equal([['a']]);
  });

  it('gives a late subscriber everything as added', async () => {
    feed.replace([put('a')], '1');
    apply(put('b'));
    const { snapshots } = collect(open());
    await settle();
    expect(snapshots[0]!.added.map(({ id }) => id)).to.deep.equal(['a', 'b']);
  });

  it('lets a slow reader skip to the newest, with the diff to what it saw last (law 3)', async () => {
    feed.replace([put('a'), put('b')], '1');
    const iterator = open()[Symbol.asyncIterator]();
    expect(ids((await iterator.next()).value)).to.deep.equal(['a', 'b']);
    apply(put('c'));
    apply(put('a', 5));
    feed.apply([{ key: 'b', deleted: true }], '9');
    apply(put('d'));
    feed.apply([{ key: 'd', deleted: true }], '11');
    const { value } = (await iterator.next()) as { value: Snapshot };
    expect(value.revision).to.equal('11');
    expect(ids(value)).to.deep.equal(['a', 'c']);
    expect([value.added, value.removed, value.changed].map((list) => list.map(({ id }) => id))).to.deep.equal([['c'], ['b'], ['a']]);
    await iterator.return?.();
  });

  it('waits where there is nothing new', async () => {
    const iterator = open()[Symbol.asyncIterator]();
    const waiting = sinon.spy();
    const next = iterator.next();
    void next.then(waiting);
    await settle();
    expect(waiting.callCount).to.equal(0);
    feed.replace([], '1');
    expect(((await next).value as Snapshot).revision).to.equal('1');
    await iterator.return?.();
  });

  it('lets each of two readers go at its own pace', async () => {
    feed.replace([put('a')], '1');
    const watch = open();
    const [fast, slow] = [watch[Symbol.asyncIterator](), watch[Symbol.asyncIterator]()];
    await fast.next();
    await slow.next();
    apply(put('b'));
    await fast.next();
    apply(put('c'));
    expect(((await fast.next()).value as Snapshot).added.map(({ id }) => id)).to.deep.equal(['c']);
    expect(((await slow.next()).value as Snapshot).added.map(({ id }) => id)).to.deep.equal(['b', 'c']);
    watch.close();
  });

  it('is released by a break out of the loop', async () => {
    feed.replace([put('a')], '1');
    for await (const snapshot of open()) {
      expect(ids(snapshot)).to.deep.equal(['a']);
      break;
    }
    expect(release.callCount).to.equal(1);
  });

  it('is released by a throw inside the loop', async () => {
    feed.replace([], '1');
    const failure = await (async () => {
      for await (const snapshot of open()) throw new Error(`mine at ${snapshot.revision}`);
    })().catch((error: unknown) => error);
    expect(failure).to.have.property('message', 'mine at 1');
    expect(release.callCount).to.equal(1);
  });

  it('ends a waiting loop normally when it is closed, and says CLOSED to whoever comes later', async () => {
    const watch = open();
    const loop = readAll(watch);
    await settle();
    watch.close();
    watch.close();
    expect(await loop).to.deep.equal([]);
    expect(release.callCount).to.equal(1);
    expectThrow(() => watch.subscribe(() => undefined), 'CLOSED');
    await expectRejection(watch[Symbol.asyncIterator]().next(), 'CLOSED');
  });

  it('refuses once, then is done, as an iterator that failed', async () => {
    const watch = open();
    watch.close();
    const iterator = watch[Symbol.asyncIterator]();
    await expectRejection(iterator.next(), 'CLOSED');
    expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
  });

  it('rejects a waiting loop with ABORTED when the signal says so, with its reason as cause', async () => {
    const controller = new AbortController();
    const watch = open(controller.signal);
    const next = watch[Symbol.asyncIterator]().next();
    controller.abort(new Error('enough'));
    const error = await expectRejection(next, 'ABORTED');
    expect(error.cause).to.have.property('message', 'enough');
    expect(release.callCount).to.equal(1);
    expectThrow(() => watch.subscribe(() => undefined), 'ABORTED');
  });

  it('rejects the next turn of a loop that was busy when the signal came', async () => {
    feed.replace([], '1');
    const controller = new AbortController();
    const iterator = open(controller.signal)[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    await expectRejection(iterator.next(), 'ABORTED');
    expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
  });

  it('leaves no listener on a long-lived signal, whether read, broken off, closed or never read', async () => {
    const { signal } = new AbortController();
    const listeners = countListeners(signal);
    feed.replace([], '1');
    open(signal);
    expect(listeners()).to.equal(0);
    const subscription = collect(open(signal));
    expect(listeners()).to.equal(1);
    subscription[Symbol.dispose]();
    for await (const snapshot of open(signal)) if (snapshot.status === 'live') break;
    const closed = open(signal);
    collect(closed);
    closed.close();
    expect(listeners()).to.equal(0);
  });

  it('calls a subscriber no more once it is disposed, even by another subscriber of the same snapshot', async () => {
    feed.replace([], '1');
    const watch = open();
    const second = sinon.spy();
    const disposables: Disposable[] = [];
    let armed = false;
    disposables.push(
      watch.subscribe(() => {
        if (armed) disposables[1]![Symbol.dispose]();
      }),
    );
    disposables.push(watch.subscribe(second));
    await settle();
    expect(second.callCount).to.equal(1);
    armed = true;
    apply(put('a'));
    expect(second.callCount).to.equal(1);
    watch.close();
  });

  it('calls no subscriber that was disposed before its first snapshot', async () => {
    feed.replace([], '1');
    const listener = sinon.spy();
    open().subscribe(listener)[Symbol.dispose]();
    await settle();
    expect(listener.callCount).to.equal(0);
  });

  it('may be closed by a subscriber', async () => {
    feed.replace([], '1');
    const watch = open();
    const other = collect(watch);
    watch.subscribe(({ instances }) => {
      if (instances.length > 0) watch.close();
    });
    const last = collect(watch);
    await settle();
    apply(put('a'));
    apply(put('b'));
    expect([other.snapshots.length, last.snapshots.length]).to.deep.equal([2, 1]);
    expect(release.callCount).to.equal(1);
  });

  it('shields subscribers from each other, also from one that is an async function (law 12)', async () => {
    feed.replace([], '1');
    const watch = open();
    watch.subscribe(() => {
      throw new Error('sync');
    });
    watch.subscribe(() => Promise.reject(new Error('async')) as unknown as undefined);
    const good = collect(watch);
    await settle();
    expect(good.snapshots).to.have.length(1);
    expect(logger.error.args.map(([fields]) => (fields as { err: Error }).err.message)).to.have.members(['sync', 'async']);
    watch.close();
  });

  it('shows trouble while it lasts, also before the first snapshot', () => {
    const watch = open();
    collect(watch);
    const outage = new RollcallError('UNAVAILABLE', 'away');
    feed.stale(outage);
    expect([watch.trouble, watch.current]).to.deep.equal([outage, undefined]);
    feed.replace([], '1');
    expect(watch.trouble).to.equal(undefined);
    watch.close();
  });

  it('gives every concurrent next() an answer', async () => {
    const watch = open();
    const iterator = watch[Symbol.asyncIterator]();
    const both = Promise.all([iterator.next(), iterator.next()]);
    feed.replace([], '1');
    expect((await both).map(({ done }) => done)).to.deep.equal([false, false]);
    const rest = Promise.all([iterator.next(), iterator.next()]);
    watch.close();
    expect((await rest).map(({ done }) => done)).to.deep.equal([true, true]);
  });

  it('is closed at the end of a using block', () => {
    {
      using watch = open();
      collect(watch);
    }
    expect(release.callCount).to.equal(1);
  });
});
