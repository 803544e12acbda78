import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { parseSelectionOptions, type SelectionOptions } from '../../../src/core/selection/options.js';
import { select, type Selection, type SelectionContext } from '../../../src/core/selection/select.js';
import { Selector } from '../../../src/core/selection/selector.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/seeded-random.js';
import { instance, instances } from './instances.js';

const context: SelectionContext = { service: 'orders', clientKey: 'me' };
const run = (list: readonly ServiceInstance[], options: SelectionOptions = {}, more: Partial<SelectionContext> = {}): Selection =>
  select(list, parseSelectionOptions(options, 'x'), { ...context, ...more });
const kept = ({ candidates }: Selection): string[] => candidates.map((each) => each.instance.id);
const dropped = (selection: Selection): string[] => selection.dropped.map((each) => `${each.instance.id}: ${each.reason}`);

describe('a selection', () => {
  it('without options is everybody who has a weight, whole, the same candidate objects each time', () => {
    const list = [instance('a'), instance('b', { weight: 0 }), instance('c')];
    const selection = run(list);
    expect(kept(selection)).to.deep.equal(['a', 'c']);
    expect(selection.candidates.map(({ share }) => share)).to.deep.equal([1, 1]);
    expect(selection.dropped).to.deep.equal([{ instance: list[1], reason: 'draining', detail: 'its weight is 0' }]);
    expect(selection.reason).to.equal(undefined);
    expect(run(list).candidates[0]).to.equal(selection.candidates[0]);
  });

  it('asks in order: address, weight, filter, zone and the subset of it', () => {
    const list = [
      instance('a', { address: 'h:1', zone: 'z', version: '1' }),
      instance('b', { address: 'h:1', zone: 'z', version: '1' }),
      instance('c', { weight: 0, zone: 'z', version: '1' }),
      instance('d', { zone: 'z', version: '2' }),
      instance('e', { zone: 'y', version: '1' }),
      instance('f', { version: '1' }),
      instance('g', { zone: 'z', version: '1' }),
    ];
    const selection = run(list, { filter: { version: '1' }, zone: 'z', subset: 1 });
    const [one] = kept(selection);
    const other = one === 'b' ? 'g' : 'b';
    expect(dropped(selection)).to.deep.equal(['a: superseded', 'c: draining', 'd: filtered', 'e: zone', 'f: zone', `${other}: subset`].sort());
    expect(selection.dropped.map(({ detail }) => detail)).to.include.members([
      'superseded by "b", a newer record of the same address',
      'version does not match 1',
      'zone "z" has 1 healthy of 1',
      'not among the 1 that client "me" calls',
    ]);
  });

  it('gives the first reason of several', () => {
    const list = [instance('a', { address: 'h:1', weight: 0 }), instance('b', { address: 'h:1' }), instance('c', { weight: 0, version: '2' })];
    expect(dropped(run(list, { filter: { version: '!2' } }))).to.deep.equal(['a: superseded', 'c: draining']);
  });

  it('does not let an older record bring back a server that drains, or is not wanted', () => {
    const drains = [instance('a', { address: 'h:1' }), instance('b', { address: 'h:1', weight: 0 })];
    expect(run(drains).reason).to.equal('none of 2 instances of "orders" can be called: 1 superseded, 1 draining');
    const canary = [instance('a', { address: 'h:1', version: '1' }), instance('b', { address: 'h:1', version: '2' })];
    expect(kept(run(canary, { filter: { version: '1' } }))).to.deep.equal([]);
    expect(kept(run(canary, { filter: { version: '1' } }, { revisionOf: ({ id }) => (id === 'a' ? '2' : '1') }))).to.deep.equal(['a']);
  });

  const reasons: [string, ServiceInstance[], SelectionOptions, string][] = [
    ['nobody', [], {}, 'no instances of "orders" are registered'],
    ['draining', instances(2, () => ({ weight: 0 })), {}, 'every instance of "orders" has weight 0 (draining)'],
    ['filtered', instances(5), { filter: 'version=1.4.*' }, 'none of 5 instances of "orders" match the filter (version 1.4.*)'],
    ['one filtered', instances(1), { filter: { metadata: { lane: 'canary' } } }, 'the only instance of "orders" does not match the filter (metadata lane=canary)'],
    ['both', instances(5, (index) => (index < 2 ? { weight: 0 } : {})), { filter: { version: '1.4.*' } }, 'none of 5 instances of "orders" can be called: 2 draining, 3 filtered out (version 1.4.*)'],
  ];
  for (const [name, list, options, reason] of reasons) it(`says why nobody is left: ${name}`, () => expect(run(list, options)).to.deep.include({ candidates: [], reason }));

  it('notes that calls spill over, and does not while they do not', () => {
    const list = [instance('a', { zone: 'a' }), instance('b', { zone: 'b' })];
    expect(run(list, { zone: 'a' })).to.include({ note: undefined });
    const spilled = run(list, { zone: 'a' }, { isHealthy: ({ id }) => id !== 'a' });
    expect(kept(spilled)).to.deep.equal(['a', 'b']);
    expect(spilled.note).to.equal('zone "a" has 0 healthy of 1, 1 are needed; all zones are called');
  });

  for (const seed of [1, 2, 3, 4]) {
    it(`loses nobody, invents nobody, keeps the order, and remembers nothing that shows (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
      const clock = new FakeClock();
      const options: SelectionOptions = { filter: { version: ['1.*', '!1.3'] }, zone: { local: 'a', fallback: ['b'], minHealthy: 3 }, subset: 6 };
      const sick = new Set<string>();
      const revisionOf = (each: ServiceInstance): string => String(each.weight);
      const isHealthy = ({ id }: ServiceInstance): boolean => !sick.has(id);
      const plain = parseSelectionOptions(options, 'x');
      const selector = new Selector(plain, { ...context, clock, revisionOf, isHealthy });
      const slow = new Selector(parseSelectionOptions({ ...options, slowStart: 10 }, 'x'), { ...context, clock, revisionOf, isHealthy });
      const pool = new Map<string, ServiceInstance>();
      for (let step = 0; step < 200; step++) {
        for (let i = Math.floor(random() * 5); i >= 0; i--) {
          const id = `i${Math.floor(random() * 30)}`;
          if (random() < 0.3) pool.delete(id);
          else pool.set(id, instance(id, { address: `h:${1 + Math.floor(random() * 25)}`, weight: pick([0, 1, 2, 3]), version: pick(['1.1', '1.3', '2.0', undefined]), zone: pick(['a', 'b', 'c', undefined]) }));
          if (random() < 0.5) sick.add(id);
          else sick.delete(id);
        }
        const list = [...pool.values()].sort((x, y) => (x.id < y.id ? -1 : 1));
        const selection = selector.select(list);
        const all = [...selection.candidates, ...selection.dropped].map((each) => each.instance);
        expect(all).to.have.length(list.length);
        expect(all.sort((x, y) => (x.id < y.id ? -1 : 1)).every((each, index) => each === list[index])).to.equal(true);
        for (const part of [selection.candidates, selection.dropped]) {
          expect(part.map((each) => list.indexOf(each.instance))).to.deep.equal(part.map((each) => list.indexOf(each.instance)).sort((x, y) => x - y));
        }
        expect(selection.reason === undefined).to.equal(selection.candidates.length > 0);
        expect(select(list, plain, { ...context, revisionOf, isHealthy })).to.deep.equal(selection);
        expect(selector.select(list)).to.deep.equal(selection);
        const slowly = slow.select(list);
        expect(kept(slowly)).to.deep.equal(kept(selection));
        for (const { share } of slowly.candidates) expect(share).to.be.within(0.1, 1);
        await clock.advance(700);
      }
    });
  }
});

describe('a selector', () => {
  it('gives newcomers their growing share and says when it changes', async () => {
    const clock = new FakeClock();
    const selector = new Selector(parseSelectionOptions({ slowStart: 10 }, 'x'), { ...context, clock });
    const [a, b] = [instance('a'), instance('b')];
    expect(selector.select([a]).nextChangeAt).to.equal(undefined);
    const begun = selector.select([a, b]);
    expect(begun.candidates.map(({ share }) => share)).to.deep.equal([1, 0.1]);
    expect(begun.nextChangeAt).to.equal(clock.monotonic() + 1500);
    await clock.advance(5000);
    expect(selector.select([a, b]).candidates.map(({ share }) => share)).to.deep.equal([1, 0.5]);
    await clock.advance(5000);
    expect(selector.select([a, b])).to.deep.include({ nextChangeAt: undefined }).and.to.have.nested.property('candidates[1].share', 1);
  });
});
