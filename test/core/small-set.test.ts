import { expect } from 'chai';

import { SmallSet } from '../../src/core/small-set.js';

describe('SmallSet', () => {
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  let set: SmallSet<{ readonly name: string }>;
  const names = (): string => set.toArray().map(({ name }) => name).join('');

  beforeEach(() => {
    set = new SmallSet();
  });

  it('holds each once, in the order of coming, whether it is none, one or several', () => {
    expect([set.size, names(), set.has(a)]).to.deep.equal([0, '', false]);
    set.add(b);
    set.add(b);
    expect([set.size, names(), set.has(b), set.has(a)]).to.deep.equal([1, 'b', true, false]);
    for (const each of [a, b, c]) set.add(each);
    expect([set.size, names(), set.has(a), set.has(b)]).to.deep.equal([3, 'bac', true, true]);
  });

  it('says whether what it takes away was there', () => {
    set.add(a);
    expect([set.delete(b), set.delete(a), set.delete(a), set.size]).to.deep.equal([false, true, false, 0]);
    for (const each of [a, b]) set.add(each);
    expect([set.delete(a), set.delete(a), set.size, names()]).to.deep.equal([true, false, 1, 'b']);
    set.clear();
    expect([set.size, names()]).to.deep.equal([0, '']);
  });

  it('calls with those that were there at the start and still are', () => {
    for (const some of [[a], [a, b, c]]) {
      set = new SmallSet();
      for (const each of some) set.add(each);
      const called: string[] = [];
      set.each(({ name }) => {
        called.push(name);
        set.delete(b);
        set.add({ name: `after ${name}` });
      });
      expect(called).to.deep.equal(some.filter((each) => each !== b).map(({ name }) => name));
    }
  });
});
