import { expect } from 'chai';
import sinon from 'sinon';

import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import type { FeedSink, RecordState } from '../../src/core/service-feed.js';
import { type Listing, SharedDiscovery, type SnapshotSource } from '../../src/core/shared-discovery.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { countListeners } from '../support/count-listeners.js';
import { expectRejection, expectThrow } from '../support/expect-rejection.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';
import { readAll } from '../support/read-all.js';

const record = (id: string): RecordState => ({ key: `/s/${id}`, instance: createInstance({ service: 's', address: 'h:1', id }) });
const listing = (...ids: string[]): Listing => ({ records: ids.map(record), revision: '5' });

describe('SharedDiscovery', () => {
  let source: sinon.SinonStubbedInstance<SnapshotSource>;
  let followers: { readonly service: string; readonly sink: FeedSink; readonly dispose: sinon.SinonStub }[];
  let discovery: SharedDiscovery;

  beforeEach(() => {
    followers = [];
    source = {
      list: sinon.stub<[string, AbortSignal], Promise<Listing>>().resolves(listing()),
      follow: sinon.stub<[string, FeedSink], Disposable>().callsFake((service, sink) => {
        const dispose = sinon.stub();
        followers.push({ service, sink, dispose });
        return { [Symbol.dispose]: dispose };
      }),
      services: sinon.stub<[AbortSignal], Promise<Iterable<string>>>().resolves([]),
      close: sinon.stub<[], Promise<void>>().resolves(),
    };
    discovery = new SharedDiscovery(source, { clock: new FakeClock(), logger: fakeLogger() });
  });

  afterEach(() => discovery.close());

  const never = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the source was told')));
    });

  describe('get', () => {
    it('asks the source each time and gives everything as added', async () => {
      source.list.resolves(listing('b', 'a'));
      const snapshot = await discovery.get('s');
      expect(snapshot).to.deep.include({ service: 's', revision: '5', status: 'live', removed: [], changed: [] });
      expect(snapshot.added.map(({ id }) => id)).to.deep.equal(['a', 'b']);
      await discovery.get('s');
      expect(source.list.callCount).to.equal(2);
    });

    it('gives an empty snapshot of an unknown service', async () => {
      expect((await discovery.get('nobody')).instances).to.deep.equal([]);
    });

    it('reports records that cannot be read beside the others', async () => {
      source.list.resolves({ records: [record('a'), { key: '/s/x', skipped: 'not JSON' }], revision: '1' });
      const { instances, skipped } = await discovery.get('s');
      expect([instances.length, skipped]).to.deep.equal([1, [{ key: '/s/x', reason: 'not JSON' }]]);
    });

    it('refuses an illegal name before it asks anybody', async () => {
      await expectRejection(discovery.get('a/b'), 'INVALID_SERVICE');
      await expectRejection(discovery.services({ signal: AbortSignal.abort() }), 'ABORTED');
      expect(source.list.callCount + source.services.callCount).to.equal(0);
    });

    it('passes on what the source fails with', async () => {
      const outage = new RollcallError('UNAVAILABLE', 'away');
      source.list.rejects(outage);
      expect(await expectRejection(discovery.get('s'), 'UNAVAILABLE')).to.equal(outage);
    });

    it('is aborted before it starts, and while it waits, and tells the source', async () => {
      await expectRejection(discovery.get('s', { signal: AbortSignal.abort() }), 'ABORTED');
      expect(source.list.callCount).to.equal(0);
      source.list.callsFake((_, signal) => never(signal));
      const controller = new AbortController();
      const waiting = discovery.get('s', { signal: controller.signal });
      controller.abort();
      await expectRejection(waiting, 'ABORTED', /get of s was aborted/);
      expect(source.list.firstCall.args[1].aborted).to.equal(true);
    });

    it('leaves no listener on the signal, whether it succeeds or fails', async () => {
      const { signal } = new AbortController();
      await discovery.get('s', { signal });
      source.list.rejects(new RollcallError('UNAVAILABLE', 'away'));
      await expectRejection(discovery.get('s', { signal }), 'UNAVAILABLE');
      expect(countListeners(signal)()).to.equal(0);
    });
  });

  it('lists services sorted, each once, in a frozen list', async () => {
    source.services.resolves(['b', 'a', 'b']);
    const names = await discovery.services();
    expect(names).to.deep.equal(['a', 'b']);
    expect(Object.isFrozen(names)).to.equal(true);
  });

  describe('watch', () => {
    it('follows once for all watches of a service, from the first reader to the last (law 11)', () => {
      const [one, two] = [discovery.watch('s'), discovery.watch('s')];
      expect(source.follow.callCount).to.equal(0);
      const first = one.subscribe(() => undefined);
      const second = two.subscribe(() => undefined);
      discovery.watch('other').subscribe(() => undefined);
      expect(followers.map(({ service }) => service)).to.deep.equal(['s', 'other']);
      first[Symbol.dispose]();
      expect(followers[0]!.dispose.callCount).to.equal(0);
      second[Symbol.dispose]();
      expect(followers[0]!.dispose.callCount).to.equal(1);
    });

    it('follows anew after the last reader left, with nothing of before', async () => {
      const watch = discovery.watch('s');
      const first = watch.subscribe(() => undefined);
      followers[0]!.sink.replace([record('a')], '1');
      first[Symbol.dispose]();
      const seen: Snapshot[] = [];
      watch.subscribe((snapshot) => seen.push(snapshot));
      await settle();
      expect(seen).to.have.length(0);
      followers[0]!.sink.replace([record('old')], '2');
      expect(seen, 'what the old follower says late').to.have.length(0);
      followers[1]!.sink.replace([record('b')], '3');
      expect(seen[0]!.added.map(({ id }) => id)).to.deep.equal(['b']);
    });

    it('gives a second reader the snapshot that is there already', async () => {
      discovery.watch('s').subscribe(() => undefined);
      followers[0]!.sink.replace([record('a')], '1');
      const { value } = (await discovery.watch('s')[Symbol.asyncIterator]().next()) as { value: Snapshot };
      expect(value.instances.map(({ id }) => id)).to.deep.equal(['a']);
      expect(source.follow.callCount).to.equal(1);
    });

    it('refuses an illegal name and an aborted signal at once', () => {
      expectThrow(() => discovery.watch('..'), 'INVALID_SERVICE');
      expectThrow(() => discovery.watch('s', { signal: AbortSignal.abort() }), 'ABORTED');
    });

    it('holds nothing where the source cannot follow', () => {
      source.follow.onFirstCall().throws(new RollcallError('INTERNAL', 'mine'));
      const watch = discovery.watch('s');
      expectThrow(() => watch.subscribe(() => undefined), 'INTERNAL');
      expect(watch.current).to.equal(undefined);
      watch.subscribe(() => undefined);
      expect(followers).to.have.length(1);
    });
  });

  describe('close', () => {
    it('ends every watch, stops following and closes the source, once', async () => {
      const loop = readAll(discovery.watch('s'));
      await settle();
      await Promise.all([discovery.close(), discovery.close(), discovery[Symbol.asyncDispose]()]);
      expect(await loop).to.deep.equal([]);
      expect(followers[0]!.dispose.callCount).to.equal(1);
      expect(source.close.callCount).to.equal(1);
      sinon.assert.callOrder(followers[0]!.dispose, source.close);
    });

    it('rejects what is under way, and everything afterwards, with CLOSED (law 9)', async () => {
      source.list.callsFake((_, signal) => never(signal));
      const waiting = discovery.get('s');
      const unread = discovery.watch('s');
      await discovery.close();
      await expectRejection(waiting, 'CLOSED');
      await expectRejection(discovery.get('s'), 'CLOSED');
      await expectRejection(discovery.services(), 'CLOSED');
      expectThrow(() => discovery.watch('s'), 'CLOSED');
      expectThrow(() => unread.subscribe(() => undefined), 'CLOSED');
    });
  });
});
