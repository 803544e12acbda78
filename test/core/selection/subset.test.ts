import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { chooseSubset, parseSubset } from '../../../src/core/selection/subset.js';
import { SubsetRanks } from '../../../src/core/selection/subset-ranks.js';
import { expectThrow } from '../../support/expect-rejection.js';
import { seededRandom } from '../../support/seeded-random.js';
import { ids, instances } from './instances.js';

const choose = (list: readonly ServiceInstance[], key: string, size: number, isHealthy?: (each: ServiceInstance) => boolean): Set<string> =>
  new Set(ids(chooseSubset(list, { size, key }, new SubsetRanks(key), isHealthy) ?? list));
const difference = (a: Set<string>, b: Set<string>): number => [...a].filter((id) => !b.has(id)).length;
const keys = Array.from({ length: 1000 }, (_, index) => `client-${index}`);

describe('a subset', () => {
  it('is all of a service that is no larger', () => {
    expect(chooseSubset(instances(5), { size: 5, key: 'k' }, new SubsetRanks('k'), undefined)).to.equal(undefined);
  });

  it('is the same for the same key, whatever the order, the objects and the cache', () => {
    const list = instances(50);
    const ranks = new SubsetRanks('k');
    const first = ids(ranks.first(list, 8));
    expect(ids(ranks.first([...list].reverse(), 8))).to.deep.equal(first);
    expect(ids(new SubsetRanks('k').first(instances(50, () => ({ weight: 7 })), 8))).to.deep.equal(first);
    expect(ids(new SubsetRanks('l').first(list, 8))).to.not.deep.equal(first);
  });

  for (const seed of [1, 2, 3]) {
    it(`ranks as sorting does (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const list = instances(300).filter(() => random() < 0.7);
      const ranks = new SubsetRanks(`k${seed}`);
      const sorted = ids(ranks.first(list, list.length));
      for (const count of [1, 2, 3, 10, 57, list.length - 1]) expect(ids(ranks.first(list, count))).to.deep.equal(sorted.slice(0, count));
    });
  }

  it('loads instances alike: over 1,000 clients each of 100 instances has its share within five deviations', () => {
    const list = instances(100);
    const load = new Map<string, number>();
    for (const key of keys) for (const id of choose(list, key, 10)) load.set(id, (load.get(id) ?? 0) + 1);
    // 100 expected each; the deviation of chance alone is 9.5.
    const loads = ids(list).map((id) => load.get(id) ?? 0);
    expect(Math.min(...loads)).to.be.within(52, 100);
    expect(Math.max(...loads)).to.be.within(100, 148);
  });

  it('changes one choice or none when an instance comes or goes, about 1 in n of all choices', () => {
    const list = instances(101);
    const without = list.slice(0, 100);
    let changed = 0;
    for (const key of keys) {
      const [fewer, more] = [choose(without, key, 10), choose(list, key, 10)];
      expect(difference(fewer, more)).to.be.at.most(1);
      changed += difference(fewer, more);
    }
    // 10,000 choices, 1 in 101 of them.
    expect(changed).to.be.within(50, 150);
  });

  it('keeps unhealthy ones in, counts them out, and takes as many more', () => {
    const list = instances(40);
    const ranking = ids(new SubsetRanks('k').first(list, 40));
    const sick = new Set([ranking[1], ranking[4], ranking[6]]);
    const isHealthy = ({ id }: ServiceInstance): boolean => !sick.has(id);
    expect([...choose(list, 'k', 5, isHealthy)]).to.deep.equal(ranking.slice(0, 8));
    expect([...choose(list, 'k', 5)]).to.deep.equal(ranking.slice(0, 5));
  });

  it('opens no more than twice its size, or eight more, when everything is unhealthy', () => {
    expect(choose(instances(40), 'k', 5, () => false).size).to.equal(13);
    expect(choose(instances(40), 'k', 10, () => false).size).to.equal(20);
    expect(choose(instances(7), 'k', 5, () => false).size).to.equal(7);
  });

  it('is read from a number or an object', () => {
    expect(parseSubset(20, 'x')).to.deep.equal({ size: 20, key: undefined });
    expect(parseSubset({ size: 20, key: 'me' }, 'x')).to.deep.equal({ size: 20, key: 'me' });
    for (const [raw, message] of [[0, /0 is not a whole number from 1/], [1.5, /1.5 is not/], [{}, /has no "size"/], [true, /the subset of x is true/], [{ size: 1, key: '' }, /"" is not a text/]] as const) {
      expectThrow(() => parseSubset(raw, 'x'), 'INVALID_CONFIG', message);
    }
    expectThrow(() => parseSubset({ sice: 3 }, 'x'), 'UNKNOWN_OPTION', /did you mean "size"/);
  });
});
