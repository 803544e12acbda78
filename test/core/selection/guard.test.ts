import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { ServiceInstance } from '../../../src/core/instance.js';
import { SnapshotGuard } from '../../../src/core/selection/guard.js';
import { type GuardOptions, parseGuardOptions } from '../../../src/core/selection/guard-options.js';
import { expectThrow } from '../../support/expect-rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/seeded-random.js';
import { ids, instance, instances, snapshot } from './instances.js';

function guarded(options: GuardOptions): { guard: SnapshotGuard; clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, guard: new SnapshotGuard(parseGuardOptions(options, 'x'), clock) };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const ten = instances(10);

describe('a guard', () => {
  it('that is off passes the very list, whatever happens', () => {
    const { guard } = guarded({});
    expect(guard.check()).to.deep.include({ state: 'passing', instances: [] });
    for (const list of [ten, ten.slice(0, 1), [], ten]) {
      const view = guard.update(snapshot(list));
      expect(view).to.deep.equal({ state: 'passing', instances: list, holding: undefined, nextChangeAt: undefined });
      expect(view.instances).to.equal(list);
    }
  });

  describe('on empty', () => {
    it('keeps the ones last known until the time is over, and says so', async () => {
      const { guard, clock } = guarded({ onEmpty: 'keep', holdFor: 20 });
      guard.update(snapshot(ten));
      const view = guard.update(snapshot([], { revision: '72' }));
      expect(view.state).to.equal('holding');
      expect(view.instances).to.deep.equal(ten);
      expect(view.nextChangeAt).to.equal(clock.monotonic() + 20_000);
      expect(view.holding).to.deep.equal({
        kind: 'empty',
        since: clock.now(),
        until: clock.now() + 20_000,
        kept: 10,
        detail: `holding 10 of 10 instances last known, the backend reports none since revision 72 (onEmpty keep), until ${iso(clock.now() + 20_000)}`,
      });
      expect(guard.update(snapshot([], { revision: '73' })).instances).to.deep.equal(ten);
      await clock.advance(19_999);
      expect(guard.check()).to.deep.include({ state: 'holding', instances: ten });
      expect(guard.check().instances).to.equal(guard.check().instances);
      await clock.advance(1);
      expect(guard.check()).to.deep.include({ state: 'passing', instances: [] });
      expect(guard.update(snapshot([])).state).to.equal('passing');
    });

    it('keeps all of them while they come back one by one, and believes the backend again once they are back', () => {
      const { guard } = guarded({ onEmpty: 'keep', holdFor: 'forever' });
      guard.update(snapshot(ten));
      const view = guard.update(snapshot([]));
      expect(view.holding?.detail).to.match(/until they are back$/);
      expect(view).to.include({ nextChangeAt: undefined }).and.not.to.have.nested.property('holding.until', 0);
      for (const back of [1, 5, 9]) expect(guard.update(snapshot(ten.slice(0, back))), `${back} back`).to.deep.include({ state: 'holding', instances: ten });
      expect(guard.update(snapshot(ten))).to.deep.include({ state: 'passing', instances: ten });
    });

    it('believes the backend again once as many others have come', () => {
      const { guard } = guarded({ onEmpty: 'keep', holdFor: 'forever' });
      const twelve = instances(12);
      guard.update(snapshot(twelve.slice(0, 2)));
      guard.update(snapshot([]));
      expect(guard.update(snapshot(twelve.slice(10, 11)))).to.deep.include({ state: 'holding', instances: [...twelve.slice(0, 2), ...twelve.slice(10, 11)] });
      expect(guard.update(snapshot(twelve.slice(10, 12)))).to.deep.include({ state: 'passing', instances: twelve.slice(10, 12) });
    });

    it('goes on holding if so few are more than maxLoss allows', () => {
      const { guard } = guarded({ onEmpty: 'keep', maxLoss: 0.5 });
      guard.update(snapshot(ten));
      guard.update(snapshot([]));
      const view = guard.update(snapshot(ten.slice(0, 4)));
      expect(view.instances).to.deep.equal(ten);
      expect(view.holding).to.deep.include({ kind: 'empty', kept: 6 });
      expect(guard.update(snapshot(ten.slice(0, 5)))).to.include({ state: 'passing' });
    });

    it('has nothing to keep of a service that never had instances, and keeps the last one of one that had', () => {
      const { guard } = guarded({ onEmpty: 'keep' });
      expect(guard.update(snapshot([])).state).to.equal('passing');
      guard.update(snapshot(ten.slice(0, 1)));
      expect(guard.update(snapshot([]))).to.deep.include({ state: 'holding', instances: ten.slice(0, 1) });
    });
  });

  describe('on a loss', () => {
    it('holds what vanished at once, takes in what is new or changed, and gives in after the time', async () => {
      const { guard, clock } = guarded({ maxLoss: 0.5, holdFor: 30 });
      guard.update(snapshot(ten));
      const view = guard.update(snapshot(ten.slice(0, 2)));
      const until = clock.now() + 30_000;
      expect(view.instances).to.deep.equal(ten);
      expect(view.holding).to.deep.include({ kind: 'loss', kept: 8, until });
      expect(view.holding?.detail).to.equal(`holding 8 of 10 instances that vanished at once at revision 71 (maxLoss 0.5), until ${iso(until)}`);
      await clock.advance(10_000);
      const changed = instance('i0001', { weight: 7 });
      const added = instance('new');
      // One more goes meanwhile: it is held as well, and no longer than the others.
      const now = guard.update(snapshot([changed, added]));
      expect(now.instances).to.deep.equal([ten[0], changed, ...ten.slice(2), added]);
      expect(now.holding).to.deep.include({ kept: 9, until });
      await clock.advance(20_000);
      expect(guard.check()).to.deep.include({ state: 'passing', instances: [changed, added], nextChangeAt: undefined });
    });

    it('lets go when what vanished is back, or as much else has come', () => {
      for (const back of [ten, ten.slice(0, 5), [...ten.slice(0, 2), ...['x', 'y', 'z'].map((id) => instance(id))]]) {
        const { guard } = guarded({ maxLoss: 0.5 });
        guard.update(snapshot(ten));
        expect(guard.update(snapshot(ten.slice(0, 2))).state).to.equal('holding');
        expect(guard.update(snapshot(back))).to.deep.include({ state: 'passing', instances: back, holding: undefined });
      }
    });

    it('holds an empty answer as the loss of all', () => {
      const { guard } = guarded({ maxLoss: 0.9 });
      guard.update(snapshot(ten));
      expect(guard.update(snapshot([]))).to.deep.include({ state: 'holding', instances: ten });
    });

    it('adds up what is removed one by one at the same time, and brings back what had gone before', async () => {
      const { guard, clock } = guarded({ maxLoss: 0.5 });
      guard.update(snapshot(ten));
      for (const left of [9, 8, 7, 6, 5]) {
        await clock.advance(50);
        expect(guard.update(snapshot(ten.slice(0, left))), `${left} left`).to.include({ state: 'passing' });
      }
      await clock.advance(50);
      expect(guard.update(snapshot(ten.slice(0, 4)))).to.deep.include({ state: 'holding', instances: ten });
    });

    it('from one snapshot to the next only, with a window of 0', () => {
      const { guard } = guarded({ maxLoss: 0.5, lossWindow: 0 });
      guard.update(snapshot(ten));
      for (const left of [5, 3, 2]) expect(guard.update(snapshot(ten.slice(0, left)))).to.include({ state: 'passing' });
      guard.update(snapshot(ten));
      guard.update(snapshot(ten.slice(0, 9)));
      expect(guard.update(snapshot(ten.slice(0, 4))).holding).to.include({ kept: 5 });
    });

    it('lets pass a scaling in from 50 to 2, step by step, and 2 → 1 → 0', async () => {
      const { guard, clock } = guarded({ maxLoss: 0.3 });
      const fifty = instances(50);
      for (let left = 50; left >= 0; left--) {
        expect(guard.update(snapshot(fifty.slice(0, left))), `${left} left`).to.include({ state: 'passing' });
        await clock.advance(2001);
      }
    });

    it('measures a loss by what was there lately, not by what there was long ago', async () => {
      const { guard, clock } = guarded({ maxLoss: 0.3 });
      const fifty = instances(50);
      for (let left = 50; left > 10; left--) {
        guard.update(snapshot(fifty.slice(0, left)));
        await clock.advance(2001);
      }
      guard.update(snapshot(fifty.slice(0, 10)));
      await clock.advance(2001);
      expect(guard.update(snapshot(fifty.slice(0, 8)))).to.include({ state: 'passing' });
      expect(guard.update(snapshot(fifty.slice(0, 6))).holding).to.include({ kept: 4 });
    });

    it('lets pass the single one of a small service, and a deploy that replaces all at once', () => {
      const { guard } = guarded({ maxLoss: 0 });
      guard.update(snapshot(ten.slice(0, 2)));
      expect(guard.update(snapshot(ten.slice(0, 1)))).to.include({ state: 'passing' });
      expect(guarded({ maxLoss: 0 }).guard.update(snapshot(ten)).state).to.equal('passing');
      const other = guarded({ maxLoss: 0 }).guard;
      other.update(snapshot(ten));
      expect(other.update(snapshot(['p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y'].map((id) => instance(id))))).to.include({ state: 'passing' });
    });

    it('is exact at the limit: 29 of 100 are not more than 0.29', () => {
      const { guard } = guarded({ maxLoss: 0.29 });
      const hundred = instances(100);
      guard.update(snapshot(hundred));
      expect(guard.update(snapshot(hundred.slice(29)))).to.include({ state: 'passing' });
      expect(guard.update(snapshot(hundred.slice(30)))).to.include({ state: 'holding' });
    });

    it('does not believe a loss while the backend is in trouble, however long that takes', async () => {
      const { guard, clock } = guarded({ maxLoss: 0.5, holdFor: 5 });
      guard.update(snapshot(ten));
      const two = ten.slice(0, 2);
      guard.update(snapshot(two));
      expect(guard.update(snapshot(two, { status: 'stale', since: clock.now() }))).to.include({ state: 'holding', nextChangeAt: undefined });
      await clock.advance(60_000);
      expect(guard.check().instances).to.deep.equal(ten);
      expect(guard.update(snapshot(two))).to.deep.include({ state: 'passing', instances: two });
    });
  });

  describe('on staleness', () => {
    const reason = new RollcallError('UNAVAILABLE', 'no member answers');

    it('fails after the budget, and not before; live again, it passes', async () => {
      const { guard, clock } = guarded({ staleBudget: 60 });
      guard.update(snapshot(ten));
      const since = clock.now();
      expect(guard.update(snapshot(ten, { status: 'stale', since, reason }))).to.deep.include({ state: 'passing', nextChangeAt: clock.monotonic() + 60_000 });
      await clock.advance(59_999);
      expect(guard.check().state).to.equal('passing');
      await clock.advance(1);
      const view = guard.check();
      expect(view.state).to.equal('failing');
      expect(view.nextChangeAt).to.equal(undefined);
      expect(view.failing).to.equal(`the instances of "orders" are stale since ${iso(since)}, longer than 60 s (staleBudget): UNAVAILABLE: no member answers`);
      expect(view.instances).to.deep.equal(ten);
      expect(guard.update(snapshot(ten))).to.deep.include({ state: 'passing' });
    });

    it('counts what passed before it looked, and is not moved by a wall clock that is set', async () => {
      const { guard, clock } = guarded({ staleBudget: 60 });
      guard.update(snapshot(ten, { status: 'stale', since: clock.now() - 50_000 }));
      clock.shiftWallClock(3_600_000);
      expect(guard.check().state).to.equal('passing');
      await clock.advance(10_000);
      expect(guard.check().state).to.equal('failing');
    });

    it('of a budget of 0 fails at once, and one that is forever never does', async () => {
      const stale = snapshot(ten, { status: 'stale', since: 0 });
      expect(guarded({ staleBudget: 0 }).guard.update(stale).state).to.equal('failing');
      const { guard, clock } = guarded({ staleBudget: 'forever' });
      expect(guard.update(stale)).to.include({ state: 'passing', nextChangeAt: undefined });
      await clock.advance(1e9);
      expect(guard.check().state).to.equal('passing');
    });
  });

  for (const seed of [1, 2, 3]) {
    it(`never hides what the backend has, holds only what it had, and ends every hold in time (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const { guard, clock } = guarded({ maxLoss: 0.4, onEmpty: 'keep', holdFor: 3 });
      const ever = new Set<ServiceInstance>();
      const pool = instances(30);
      let holds = 0;
      for (let step = 0; step < 500; step++) {
        const share = random();
        const list = pool.filter(() => random() < share);
        const view = guard.update(snapshot(list));
        for (const each of list) expect(view.instances).to.include(each);
        for (const each of view.instances) expect(list.includes(each) || ever.has(each)).to.equal(true);
        expect(ids(view.instances)).to.deep.equal(ids(view.instances).sort());
        expect(view.state === 'holding').to.equal(view.instances.length > list.length);
        if (view.holding !== undefined) {
          if (view.holding.since === clock.now()) holds++;
          expect(view.holding.kept).to.equal(view.instances.length - list.length);
          expect(clock.now() - view.holding.since).to.be.lessThan(3000);
          expect(view.nextChangeAt).to.be.greaterThan(clock.monotonic());
        }
        for (const each of list) ever.add(each);
        await clock.advance(Math.floor(random() * 900));
      }
      expect(holds).to.be.greaterThan(10);
    });
  }

  const refused: [Record<string, unknown>, RegExp][] = [
    [{ onEmpty: 'hold' }, /option "onEmpty" of x: "hold" is not one of fail, keep/],
    [{ maxLoss: 50 }, /option "maxLoss" of x: 50 is not a number from 0 to 1/],
    [{ holdFor: 'ever' }, /option "holdFor" of x: "ever" is not a number of seconds from 0.1 to 2592000, or forever/],
    [{ staleBudget: -1 }, /option "staleBudget" of x: -1 is not/],
    [{ lossWindow: Infinity }, /option "lossWindow" of x: Infinity is not/],
  ];
  for (const [raw, message] of refused) it(`refuses ${JSON.stringify(raw)}`, () => void expectThrow(() => parseGuardOptions(raw, 'x'), 'INVALID_CONFIG', message));

  it('refuses unknown options, and has all guards off by default', () => {
    expectThrow(() => parseGuardOptions({ staleBugdet: 5 }, 'x'), 'UNKNOWN_OPTION', /did you mean "staleBudget"/);
    expect(parseGuardOptions({}, 'x')).to.deep.equal({ onEmpty: 'fail', maxLoss: 1, lossWindow: 2, holdFor: 30, staleBudget: Infinity });
  });
});
