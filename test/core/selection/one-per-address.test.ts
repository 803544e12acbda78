import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { OnePerAddress } from '../../../src/core/selection/one-per-address.js';
import { seededRandom } from '../../support/seeded-random.js';
import { instance } from './instances.js';

const at = (id: string, address = 'h:1'): ServiceInstance => instance(id, { address });
const pairs = (map: ReadonlyMap<ServiceInstance, ServiceInstance>): [string, string][] => [...map].map(([loser, by]): [string, string] => [loser.id, by.id]).sort();

describe('one instance per address', () => {
  it('is the newest, by revisions of any size', () => {
    const revisions: Record<string, string> = { a: '90071992547409931', b: '90071992547409930', c: '9' };
    const one = new OnePerAddress(({ id }) => revisions[id]);
    expect(pairs(one.superseded([at('a'), at('b'), at('c'), at('d', 'h:2')]))).to.deep.equal([['b', 'a'], ['c', 'a']]);
  });

  it('is one with a revision before one without, and else the greatest id', () => {
    expect(pairs(new OnePerAddress(({ id }) => (id === 'a' ? '1' : undefined)).superseded([at('a'), at('b')]))).to.deep.equal([['b', 'a']]);
    expect(pairs(new OnePerAddress().superseded([at('a'), at('b')]))).to.deep.equal([['a', 'b']]);
    expect(pairs(new OnePerAddress(({ id }) => (id === 'b' ? 'soon' : '1')).superseded([at('a'), at('b')]))).to.deep.equal([['b', 'a']]);
  });

  it('follows a record that is written again as it was, the same object', () => {
    let newest = 'a';
    const one = new OnePerAddress(({ id }) => (id === newest ? '2' : '1'));
    const list = [at('a'), at('b')];
    expect(pairs(one.superseded(list))).to.deep.equal([['b', 'a']]);
    newest = 'b';
    expect(pairs(one.superseded(list))).to.deep.equal([['a', 'b']]);
  });

  it('is the other again once the newest is gone or has moved', () => {
    const one = new OnePerAddress();
    const a = at('a');
    one.superseded([a, at('b')]);
    expect(one.superseded([a, at('b', 'h:2')]).size).to.equal(0);
    expect(pairs(one.superseded([a, at('b'), at('c')]))).to.deep.equal([['a', 'c'], ['b', 'c']]);
    expect(one.superseded([a]).size).to.equal(0);
  });

  for (const seed of [1, 2, 3]) {
    it(`remembers nothing wrong over hundreds of random lists (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const revision = (each: ServiceInstance): string => String(each.weight);
      const one = new OnePerAddress(revision);
      const pool = new Map<string, ServiceInstance>();
      for (let step = 0; step < 400; step++) {
        for (let i = Math.floor(random() * 4); i >= 0; i--) {
          const id = `i${Math.floor(random() * 15)}`;
          if (random() < 0.3) pool.delete(id);
          else pool.set(id, instance(id, { address: `h:${1 + Math.floor(random() * 8)}`, weight: 1 + Math.floor(random() * 5) }));
        }
        const list = [...pool.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
        const remembered = one.superseded(list);
        expect(pairs(remembered)).to.deep.equal(pairs(new OnePerAddress(revision).superseded(list)));
        const kept = list.filter((each) => !remembered.has(each));
        expect(kept.map(({ address }) => address).sort()).to.deep.equal([...new Set(list.map(({ address }) => address))].sort());
      }
    });
  }
});
