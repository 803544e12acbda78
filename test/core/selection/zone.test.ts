import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { chooseZones, parseZone } from '../../../src/core/selection/zone.js';
import { expectThrow } from '../../support/expect-rejection.js';
import { instance } from './instances.js';

/** Instances by zone, `a: 3`; those beyond `healthy` are not well. */
function world(zones: Record<string, { size: number; healthy?: number }>): { list: ServiceInstance[]; isHealthy: (each: ServiceInstance) => boolean | undefined } {
  const sick = new Set<ServiceInstance>();
  const list = Object.entries(zones).flatMap(([zone, { size, healthy = size }]) =>
    Array.from({ length: size }, (_, index) => {
      const each = instance(`${zone}-${index}`, zone === 'none' ? {} : { zone });
      if (index >= healthy) sick.add(each);
      return each;
    }),
  );
  return { list, isHealthy: (each) => (sick.has(each) ? false : undefined) };
}

const chosen = (raw: unknown, { list, isHealthy }: ReturnType<typeof world>): string[] | 'all' => {
  const { zones } = chooseZones(list, parseZone(raw, 'x'), isHealthy);
  return zones === undefined ? 'all' : [...zones];
};

describe('the preferred zone', () => {
  it('is called alone while it can carry the calls; what is not known to be unhealthy counts as healthy', () => {
    expect(chosen('a', world({ a: { size: 3 }, b: { size: 3 } }))).to.deep.equal(['a']);
    expect(chosen('a', world({ a: { size: 1 }, b: { size: 9 } }))).to.deep.equal(['a']);
  });

  it('spills over to all when it is empty, or all of it is unhealthy', () => {
    expect(chosen('a', world({ b: { size: 3 }, none: { size: 1 } }))).to.equal('all');
    expect(chosen('a', world({ a: { size: 3, healthy: 0 }, b: { size: 3 } }))).to.equal('all');
  });

  it('is not left alone with the calls of ten when one of ten is healthy', () => {
    expect(chosen('a', world({ a: { size: 10, healthy: 5 }, b: { size: 3 } }))).to.deep.equal(['a']);
    expect(chosen('a', world({ a: { size: 10, healthy: 4 }, b: { size: 3 } }))).to.equal('all');
    expect(chosen({ local: 'a', minHealthyPercent: 0 }, world({ a: { size: 10, healthy: 1 }, b: { size: 3 } }))).to.deep.equal(['a']);
  });

  it('needs as many as are asked for', () => {
    expect(chosen({ local: 'a', minHealthy: 3 }, world({ a: { size: 2 }, b: { size: 3 } }))).to.equal('all');
    expect(chosen({ local: 'a', minHealthy: 2 }, world({ a: { size: 2 }, b: { size: 3 } }))).to.deep.equal(['a']);
  });

  it('spills to the fallback zones in order, as far as it takes', () => {
    const rule = { local: 'a', fallback: ['b', 'c'], minHealthy: 4 };
    expect(chosen(rule, world({ a: { size: 2 }, b: { size: 2 }, c: { size: 9 } }))).to.deep.equal(['a', 'b']);
    expect(chosen(rule, world({ a: { size: 2 }, b: { size: 3, healthy: 1 }, c: { size: 9 } }))).to.deep.equal(['a', 'b', 'c']);
    expect(chosen(rule, world({ a: { size: 1 }, b: { size: 1 }, c: { size: 1 }, d: { size: 9 } }))).to.equal('all');
  });

  it('says how it stands', () => {
    const rule = parseZone({ local: 'a', fallback: ['b'] }, 'x');
    const near = world({ a: { size: 3 } });
    expect(chooseZones(near.list, rule, near.isHealthy)).to.include({ spilled: false, detail: 'zone "a" has 3 healthy of 3' });
    const next = world({ a: { size: 4, healthy: 1 }, b: { size: 2 } });
    expect(chooseZones(next.list, rule, next.isHealthy)).to.include({ spilled: true, detail: 'zone "a" has 1 healthy of 4, 2 are needed; with "b" there are 3' });
    const far = world({ c: { size: 4 } });
    expect(chooseZones(far.list, rule, far.isHealthy)).to.include({ spilled: true, detail: 'zone "a" has 0 healthy of 0, 1 are needed; all zones are called' });
  });

  const refused: [unknown, RegExp][] = [
    [7, /the zone preference of x is 7/],
    ['', /"local" of the zone preference of x: "" is not a text/],
    [{}, /has no "local"/],
    [{ local: 'a', fallback: ['a'] }, /"fallback" of the zone preference of x names the local zone "a"/],
    [{ local: 'a', fallback: ['b', 'b'] }, /an array is not a list of different zones/],
    [{ local: 'a', fallback: 'b' }, /"b" is not a list of different zones/],
    [{ local: 'a', minHealthy: 0 }, /0 is not a whole number from 1/],
    [{ local: 'a', minHealthyPercent: 101 }, /101 is not a number from 0 to 100/],
  ];
  for (const [raw, message] of refused) it(`refuses ${JSON.stringify(raw)}`, () => void expectThrow(() => parseZone(raw, 'x'), 'INVALID_CONFIG', message));
  it('refuses unknown fields', () => void expectThrow(() => parseZone({ local: 'a', minHealty: 1 }, 'x'), 'UNKNOWN_OPTION', /did you mean "minHealthy"/));
});
