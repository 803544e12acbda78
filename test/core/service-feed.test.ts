import { expect } from 'chai';
import sinon from 'sinon';

import { RollcallError } from '../../src/core/errors.js';
import { createInstance, type ServiceInstance } from '../../src/core/instance.js';
import { recordRevision } from '../../src/core/record-revision.js';
import { type RecordChange, type RecordState, ServiceFeed } from '../../src/core/service-feed.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';
import { seededRandom } from '../support/seeded-random.js';

const instance = (id: string, weight = 100): ServiceInstance => createInstance({ service: 's', address: 'h:1', id, weight });
const put = (id: string, weight?: number): RecordState => ({ key: `/s/${id}`, instance: instance(id, weight) });
const skip = (id: string, reason = 'not JSON'): RecordState => ({ key: `/s/${id}`, skipped: reason });
const del = (id: string): RecordChange => ({ key: `/s/${id}`, deleted: true });
const ids = (list: readonly ServiceInstance[]): string[] => list.map(({ id }) => id);
const outage = new RollcallError('UNAVAILABLE', 'etcd is away');

describe('ServiceFeed', () => {
  let clock: FakeClock;
  let logger: ReturnType<typeof fakeLogger>;
  let feed: ServiceFeed;
  let seen: Snapshot[];

  beforeEach(() => {
    clock = new FakeClock();
    logger = fakeLogger();
    feed = new ServiceFeed('s', { clock, logger });
    seen = [];
    feed.listen((snapshot) => seen.push(snapshot));
  });

  const last = (): Snapshot => seen.at(-1)!;

  describe('is complete (law 1)', () => {
    it('has no snapshot before the first complete list', () => {
      feed.stale(outage);
      feed.live();
      expect(feed.current).to.equal(undefined);
      expect(seen).to.have.length(0);
      expect(() => feed.apply([put('a')], '1')).to.throw('apply() before replace()');
    });

    it('says that a service without records is empty', () => {
      feed.replace([], '7');
      expect(last()).to.deep.equal({ service: 's', revision: '7', status: 'live', since: clock.now(), instances: [], added: [], removed: [], changed: [], skipped: [] });
    });

    it('knows of each record when it was written last, also of one that was rewritten as it was', () => {
      feed.replace([{ ...put('a'), revision: '3' }, put('b')], '3');
      expect(last().instances.map(recordRevision)).to.deep.equal(['3', undefined]);
      const before = seen.length;
      feed.apply([{ ...put('a'), revision: '12345678901234567890' }], '12345678901234567890');
      expect(seen).to.have.length(before);
      expect(last().instances.map(recordRevision)).to.deep.equal(['12345678901234567890', undefined]);
    });

    it('takes a list as the whole truth: what it lacks is removed', () => {
      feed.replace([put('b'), put('a')], '1');
      expect(ids(last().instances)).to.deep.equal(['a', 'b']);
      feed.replace([put('b'), put('c')], '9');
      expect([ids(last().instances), ids(last().added), ids(last().removed), ids(last().changed)]).to.deep.equal([['b', 'c'], ['c'], ['a'], []]);
      expect(last().revision).to.equal('9');
    });

    it('changes nothing when a list breaks off in the middle', () => {
      feed.replace([put('a')], '1');
      const before = feed.current;
      expect(() => feed.replace((function* () { yield put('b'); throw new Error('cut'); })(), '2')).to.throw('cut');
      expect(feed.current).to.equal(before);
      feed.apply([put('c')], '3');
      expect(ids(last().instances)).to.deep.equal(['a', 'c']);
    });
  });

  describe('is immutable (law 2)', () => {
    it('freezes every snapshot to the bottom', () => {
      feed.replace([put('a'), skip('b')], '1');
      feed.apply([put('a', 5), del('b')], '2');
      for (const snapshot of seen) {
        for (const part of [snapshot, snapshot.instances, snapshot.added, snapshot.removed, snapshot.changed, snapshot.skipped, ...snapshot.instances, ...snapshot.skipped]) {
          expect(Object.isFrozen(part)).to.equal(true);
        }
      }
    });

    it('keeps the object of an instance that was written again as it was', () => {
      feed.replace([put('a'), put('b')], '1');
      const [a] = last().instances;
      feed.apply([put('b', 7), put('a')], '2');
      expect(last().instances[0]).to.equal(a);
      expect(ids(last().changed)).to.deep.equal(['b']);
      feed.replace([put('a'), put('b', 7)], '3');
      expect(feed.current!.instances[0]).to.equal(a);
    });

    it('says nothing where nothing changed', () => {
      feed.replace([put('a'), skip('b')], '1');
      feed.apply([put('a'), skip('b'), del('c')], '2');
      feed.apply([], '3');
      feed.replace([put('a'), skip('b')], '4');
      expect(seen).to.have.length(1);
    });

    it('sums up several changes of one key', () => {
      feed.replace([put('a')], '1');
      feed.apply([put('a', 2), del('a'), put('a', 3)], '2');
      expect([ids(last().changed), last().instances[0]!.weight]).to.deep.equal([['a'], 3]);
      feed.apply([put('x'), del('x')], '3');
      expect(ids(last().instances)).to.deep.equal(['a']);
    });
  });

  describe('survives trouble (law 4)', () => {
    it('keeps the instances while stale, and says since when and why', async () => {
      feed.replace([put('a'), put('b')], '1');
      const { instances } = last();
      await clock.advance(1000);
      feed.stale(outage);
      expect(last()).to.deep.include({ status: 'stale', since: clock.now(), reason: outage, revision: '1', added: [], removed: [], changed: [] });
      expect(last().instances).to.equal(instances);
      expect(feed.trouble).to.equal(outage);
    });

    it('tells of trouble once, however often it is reported', () => {
      feed.replace([put('a')], '1');
      feed.stale(outage);
      const next = new RollcallError('TIMEOUT', 'still away');
      feed.stale(next);
      expect(seen).to.have.length(2);
      expect(feed.trouble).to.equal(next);
      expect(logger.warn.callCount).to.equal(1);
    });

    it('is live again without change, or with whatever changed meanwhile', async () => {
      feed.replace([put('a')], '1');
      feed.stale(outage);
      await clock.advance(500);
      feed.live();
      expect(last()).to.deep.include({ status: 'live', since: clock.now(), revision: '1' }).and.not.have.property('reason');
      feed.stale(outage);
      feed.replace([put('b')], '5');
      expect(last().status).to.equal('live');
      expect([ids(last().added), ids(last().removed)]).to.deep.equal([['b'], ['a']]);
      expect(feed.trouble).to.equal(undefined);
    });

    it('is live again when the list after the trouble says the same', () => {
      feed.replace([put('a')], '1');
      feed.stale(outage);
      feed.replace([put('a')], '4');
      expect(last()).to.deep.include({ status: 'live', revision: '4', added: [], removed: [], changed: [] });
      feed.live();
      expect(seen).to.have.length(3);
    });

    it('keeps the moment its status began through changes', async () => {
      feed.replace([], '1');
      const { since } = last();
      await clock.advance(50);
      feed.apply([put('a')], '2');
      expect(last().since).to.equal(since);
    });

    it('tells once more when the trouble turns out to be one that does not pass by itself', () => {
      const refused = new RollcallError('UNAUTHENTICATED', 'wrong password');
      feed.replace([put('a')], '1');
      feed.stale(outage);
      const count = seen.length;
      feed.stale(refused);
      expect(last()).to.deep.include({ status: 'stale', reason: refused });
      for (const reason of [outage, refused, outage, refused]) feed.stale(reason);
      expect(seen).to.have.length(count + 1);
      expect(feed.trouble).to.equal(refused);
    });

    it('stays stale through a change that comes meanwhile, and through a rewrite says nothing', () => {
      feed.replace([put('a')], '1');
      feed.stale(outage);
      feed.apply([put('a')], '2');
      expect(seen).to.have.length(2);
      feed.apply([put('b')], '3');
      expect(last()).to.deep.include({ status: 'stale', reason: outage, revision: '3' });
      expect(ids(last().added)).to.deep.equal(['b']);
    });
  });

  describe('skips what cannot be read (law 5)', () => {
    it('reports key and reason, sorted, beside the others', () => {
      feed.replace([skip('z', 'not JSON'), put('a'), skip('b', 'no address')], '1');
      expect(ids(last().instances)).to.deep.equal(['a']);
      expect(last().skipped).to.deep.equal([
        { key: '/s/b', reason: 'no address' },
        { key: '/s/z', reason: 'not JSON' },
      ]);
    });

    it('removes an instance whose record has turned to garbage, and takes it back once mended', () => {
      feed.replace([put('a'), put('b')], '1');
      feed.apply([skip('a')], '2');
      expect([ids(last().instances), ids(last().removed), last().skipped.length]).to.deep.equal([['b'], ['a'], 1]);
      feed.apply([put('a')], '3');
      expect([ids(last().instances), ids(last().added), last().skipped.length]).to.deep.equal([['a', 'b'], ['a'], 0]);
    });

    it('forgets garbage that was deleted', () => {
      feed.replace([skip('a')], '1');
      feed.apply([del('a')], '2');
      expect(last().skipped).to.deep.equal([]);
    });

    it('tells a new reason, and logs each once', () => {
      feed.replace([skip('a', 'one')], '1');
      feed.replace([skip('a', 'one')], '2');
      feed.apply([skip('a', 'two')], '3');
      expect(last().skipped).to.deep.equal([{ key: '/s/a', reason: 'two' }]);
      expect(seen).to.have.length(2);
      expect(logger.warn.args.map(([fields]) => (fields as { reason: string }).reason)).to.deep.equal(['one', 'two']);
    });
  });

  it('keeps on when a listener throws (law 12), and tells those after it', () => {
    const after = sinon.spy();
    const thrower = feed.listen(() => {
      throw new Error('mine');
    });
    feed.listen(after);
    feed.replace([put('a')], '1');
    expect(after.callCount).to.equal(1);
    expect(logger.error.callCount).to.equal(1);
    thrower[Symbol.dispose]();
    feed.apply([put('b')], '2');
    expect(logger.error.callCount).to.equal(1);
  });

  it('gives a listener the predecessor of each snapshot', () => {
    const pairs: [Snapshot, Snapshot | undefined][] = [];
    feed.listen((snapshot, predecessor) => pairs.push([snapshot, predecessor]));
    feed.replace([put('a')], '1');
    feed.apply([put('b')], '2');
    expect(pairs).to.deep.equal([
      [seen[0], undefined],
      [seen[1], seen[0]],
    ]);
    expect(feed.predecessor).to.equal(seen[0]);
  });

  for (const seed of [11, 12, 13]) {
    it(`agrees with a plain map through random events (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const model = new Map<string, number | 'garbage'>();
      const draw = (): RecordState => {
        const id = `i${Math.floor(random() * 12)}`;
        if (random() < 0.15) {
          model.set(id, 'garbage');
          return skip(id);
        }
        const weight = Math.floor(random() * 3);
        model.set(id, weight);
        return put(id, weight);
      };
      const list = (): RecordState[] => {
        model.clear();
        return [...new Map(Array.from({ length: Math.floor(random() * 8) }, draw).map((record) => [record.key, record])).values()];
      };
      feed.replace(list(), '0');
      let shown: Snapshot = feed.current!;
      let replayed = new Map(shown.instances.map((each) => [each.id, each]));
      feed.listen((snapshot) => {
        for (const gone of snapshot.removed) replayed.delete(gone.id);
        for (const now of [...snapshot.added, ...snapshot.changed]) replayed.set(now.id, now);
        expect([...replayed.values()].sort((a, b) => (a.id < b.id ? -1 : 1))).to.deep.equal(snapshot.instances);
        replayed = new Map(snapshot.instances.map((each) => [each.id, each]));
        shown = snapshot;
      });
      for (let revision = 1; revision <= 400; revision++) {
        const dice = random();
        if (dice < 0.1) feed.replace(list(), String(revision));
        else if (dice < 0.15) feed.stale(outage);
        else if (dice < 0.2) feed.live();
        else if (dice < 0.4) {
          const id = `i${Math.floor(random() * 12)}`;
          model.delete(id);
          feed.apply([del(id)], String(revision));
        } else feed.apply(Array.from({ length: 1 + Math.floor(random() * 3) }, draw), String(revision));
        const expected = [...model].filter(([, value]) => value !== 'garbage').sort(([a], [b]) => (a < b ? -1 : 1));
        expect(shown.instances.map(({ id, weight }) => [id, weight])).to.deep.equal(expected);
        expect(shown.skipped.map(({ key }) => key)).to.deep.equal([...model].filter(([, value]) => value === 'garbage').map(([id]) => `/s/${id}`).sort());
        expect(shown.status).to.equal(feed.trouble === undefined ? 'live' : 'stale');
      }
    });
  }
});
