import { expect } from 'chai';
import sinon from 'sinon';

import { createInstance } from '../../../src/core/instance.js';
import { EndpointList } from '../../../src/grpc/balancer/endpoint-list.js';
import { endpointOf, type InstanceEndpoint } from '../../../src/grpc/endpoint.js';
import { seededRandom } from '../../support/seeded-random.js';

let made = 0;

function endpoint(id: string): InstanceEndpoint {
  return endpointOf(createInstance({ service: 'svc', id, address: 'h:1', metadata: { made: String(made++) } }));
}

function keys(list: Iterable<{ readonly key: string }>): string {
  return Array.from(list, ({ key }) => key).join('');
}

describe('the list of endpoints', () => {
  let list: EndpointList<string>;
  const [a, b, c, d] = [endpoint('a'), endpoint('b'), endpoint('c'), endpoint('d')];

  /** "+added -removed ~changed" */
  function replace(...endpoints: InstanceEndpoint[]): string {
    const { added, removed, changed } = list.replace(endpoints);
    for (const listed of added) listed.value = listed.key;
    return `+${keys(added)} -${keys(removed)} ~${keys(changed.map(({ listed }) => listed))}`;
  }

  beforeEach(() => {
    list = new EndpointList();
  });

  for (const [what, before, after, expected] of [
    ['everything, at first', [], [a, b], '+ab - ~'],
    ['nothing', [a, b, c], [a, b, c], '+ - ~'],
    ['a newcomer in front, in the middle, at the end', [b], [a, b, c], '+ac - ~'],
    ['that everybody is gone', [a, b], [], '+ -ab ~'],
    ['that all but one are gone', [a, b, c], [b], '+ -ac ~'],
    ['another object of the same key', [a, b, c], [a, endpoint('b'), c], '+ - ~b'],
    ['one that took the place of another', [a, b, d], [a, c, d], '+c -b ~'],
    ['another order', [a, b, c, d], [d, c, b, a], '+ - ~'],
    ['another order with another object', [a, b, c], [c, endpoint('a'), b], '+ - ~a'],
    ['one key twice', [], [a, endpoint('a'), b], '+ab - ~'],
    ['one key twice beside a known one', [b], [endpoint('a'), endpoint('a'), b], '+a - ~'],
    ['the first of a double one gone', [a, endpoint('a'), b], [endpoint('a'), b], '+ - ~a'],
  ] as const) {
    it(`finds ${what}`, () => {
      replace(...before);
      expect(replace(...after)).to.equal(expected);
      expect(keys(list)).to.equal(keys([...new Map(after.map((each) => [each.instance.id, { key: each.instance.id }])).values()]));
      expect(Array.from(list, ({ value }) => value)).to.deep.equal(Array.from(list, ({ key }) => key));
    });
  }

  it('gives the former endpoint with the change, and keeps the new one', () => {
    replace(a);
    const other = endpoint('a');
    const { changed } = list.replace([other]);
    expect(changed[0]?.before).to.equal(a);
    expect(changed[0]?.listed.endpoint).to.equal(other);
  });

  it('looks at no id of an endpoint that is as it was', () => {
    const spied = ['b', 'c', 'd', 'e'].map((id) => {
      const real = endpoint(id);
      const get = sinon.spy(() => real.instance);
      return { get, endpoint: Object.defineProperty({ ...real }, 'instance', { get }) };
    });
    const [first, ...rest] = spied.map((each) => each.endpoint) as [InstanceEndpoint, ...InstanceEndpoint[]];
    replace(first, ...rest);
    const looks = spied.map(({ get }) => get.callCount);
    replace(endpoint('a'), first, ...rest);
    replace(...rest, endpoint('f'));
    // That of c, once, tells that b is gone.
    expect(spied.map(({ get }, i) => get.callCount - looks[i]!)).to.deep.equal([0, 1, 0, 0]);
  });

  it('agrees with what a map says, for lists at random', () => {
    const random = seededRandom(7);
    const pool = Array.from('abcdefgh', (id) => [endpoint(id), endpoint(id)]).flat();
    let before = new Map<string, InstanceEndpoint>();
    for (let round = 0; round < 5000; round++) {
      const sorted = random() < 0.5;
      const chosen = pool.filter(() => random() < 0.4);
      const next = sorted ? chosen : chosen.map((each) => ({ each, at: random() })).sort((x, y) => x.at - y.at).map(({ each }) => each);
      const { added, removed, changed } = list.replace(next);
      for (const listed of added) listed.value = listed.key;
      const wanted = new Set(next.map(({ instance }) => instance.id));
      expect(keys([...added].sort(byKey))).to.equal(sortedKeys([...wanted].filter((id) => !before.has(id))));
      expect(keys([...removed].sort(byKey))).to.equal(sortedKeys([...before.keys()].filter((id) => !wanted.has(id))));
      const after = new Map(Array.from(list, (listed) => [listed.key, listed.endpoint as InstanceEndpoint]));
      expect(sortedKeys(changed.map(({ listed }) => listed.key))).to.equal(sortedKeys([...after].filter(([id, now]) => before.has(id) && before.get(id) !== now).map(([id]) => id)));
      expect(sortedKeys([...after.keys()])).to.equal(sortedKeys([...wanted]));
      for (const [id, now] of after) expect(next.filter(({ instance }) => instance.id === id)).to.include(now);
      for (const { key, value } of list) expect(value).to.equal(key);
      before = after;
    }
  });
});

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

function sortedKeys(ids: readonly string[]): string {
  return [...ids].sort().join('');
}
