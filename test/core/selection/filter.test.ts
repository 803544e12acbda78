import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { parseFilter } from '../../../src/core/selection/filter.js';
import { expectThrow } from '../../support/expect-rejection.js';
import { instance } from './instances.js';

const accepts = (filter: unknown, of: ServiceInstance): boolean => parseFilter(filter, 'x').reject(of) === undefined;

describe('a filter that looks like a comparison', () => {
  for (const version of ['>=1.4', '=1.4', '!<2']) {
    it(`refuses ${version}`, () => void expectThrow(() => parseFilter({ version }, 'x'), 'INVALID_CONFIG', /looks like a comparison; there are none/));
  }
});

describe('a filter', () => {
  const versions: [unknown, (string | undefined)[], (string | undefined)[]][] = [
    ['1.4.0', ['1.4.0'], ['1.4.01', '1.4', undefined]],
    ['1.4.*', ['1.4.', '1.4.0', '1.4.17'], ['1.40.0', '1.4', '11.4.0', undefined]],
    ['*', ['1', ''], [undefined]],
    ['!*', [undefined], ['1', '']],
    ['!1.4.*', ['1.5.0', undefined], ['1.4.0']],
    [['1.4.*', '1.6.0'], ['1.4.1', '1.6.0'], ['1.5.0', undefined]],
    [['1.4.*', '!1.4.3'], ['1.4.1'], ['1.4.3', '1.5.0', undefined]],
    [['!1.4.3', '!1.4.4'], ['1.4.5', undefined], ['1.4.3', '1.4.4']],
  ];
  for (const [pattern, good, bad] of versions) {
    it(`by version ${JSON.stringify(pattern)} takes ${good.map((each) => each ?? 'none').join(', ')} and no other`, () => {
      for (const version of good) expect(accepts({ version: pattern }, instance('a', { version })), String(version)).to.equal(true);
      for (const version of bad) expect(accepts({ version: pattern }, instance('a', { version })), String(version)).to.equal(false);
    });
  }

  it('by metadata wants every key, and a negation also matches where the key is absent', () => {
    const canary = instance('a', { metadata: { lane: 'canary', team: 'x' } });
    const plain = instance('b', { metadata: { team: 'x' } });
    expect(accepts({ metadata: { lane: 'canary' } }, canary)).to.equal(true);
    expect(accepts({ metadata: { lane: 'canary' } }, plain)).to.equal(false);
    expect(accepts({ metadata: { lane: '!canary' } }, canary)).to.equal(false);
    expect(accepts({ metadata: { lane: '!canary' } }, plain)).to.equal(true);
    expect(accepts({ metadata: { lane: ['canary', 'beta'], team: 'y' } }, canary)).to.equal(false);
    expect(accepts({ metadata: { lane: ['canary', 'beta'], team: 'x' } }, canary)).to.equal(true);
  });

  it('is not fooled by what every object has', () => {
    expect(accepts({ metadata: { toString: '*' } }, instance('a'))).to.equal(false);
    expect(accepts({ metadata: { constructor: '!*' } }, instance('a'))).to.equal(true);
  });

  it('joins its fields, leaves out those that are undefined, and takes everything if it asks for nothing', () => {
    const a = instance('a', { version: '1.4.1', zone: 'z' });
    expect(accepts({ version: '1.4.*', zone: 'z' }, a)).to.equal(true);
    expect(accepts({ version: '1.4.*', zone: 'y' }, a)).to.equal(false);
    expect(accepts({ version: undefined, metadata: { lane: undefined } }, a)).to.equal(true);
    expect(accepts({}, a)).to.equal(true);
  });

  it('says what it wants, and what did not match', () => {
    const filter = parseFilter({ version: '1.4.*', metadata: { lane: ['canary', '!x y'] } }, 'x');
    expect(filter.description).to.equal('version 1.4.* and metadata lane=canary|"!x y"');
    expect(filter.reject(instance('a', { version: '1.5.0' }))).to.equal('version does not match 1.4.*');
    expect(filter.reject(instance('a', { version: '1.4.0' }))).to.equal('metadata lane does not match canary|"!x y"');
  });

  it('may be a function; one that throws, or gives no plain yes or no, leaves that instance out and no other', () => {
    const filter = parseFilter(({ id }: ServiceInstance) => {
      if (id === 'bad') throw new Error('boom');
      return id === 'async' ? Promise.resolve(true) : id === 'a';
    }, 'x');
    expect(filter.reject(instance('a'))).to.equal(undefined);
    expect(filter.reject(instance('b'))).to.equal('a function says no');
    expect(filter.reject(instance('bad'))).to.equal('a function threw: boom');
    expect(filter.reject(instance('async'))).to.equal('a function gave an object, not true or false');
    expect(filter.description).to.equal('a function');
    function canaries(): boolean {
      return false;
    }
    expect(parseFilter(canaries, 'x').description).to.equal('the function canaries');
  });

  const refused: [unknown, RegExp][] = [
    [7, /^the filter of x is 7, not an object with version, zone and metadata, or a function$/],
    [new Map(), /not an object with/],
    [{ version: 7 }, /^"version" of the filter of x is 7, not a text/],
    [{ version: '' }, /"version" of the filter of x has an empty value/],
    [{ version: '!' }, /has an empty value/],
    [{ version: [] }, /is an empty list/],
    [{ version: '1.*.3' }, /"1\.\*\.3" has a "\*" where it means nothing/],
    [{ version: '!!1' }, /"!1" has a "!" where it means nothing/],
    [{ metadata: 'lane=canary' }, /"metadata" of the filter of x is "lane=canary", not an object/],
    [{ metadata: { lane: true } }, /metadata "lane" of the filter of x is true/],
  ];
  for (const [raw, message] of refused) {
    it(`refuses ${JSON.stringify(raw)}, naming the culprit`, () => void expectThrow(() => parseFilter(raw, 'x'), 'INVALID_CONFIG', message));
  }

  it('refuses unknown fields', () => {
    expectThrow(() => parseFilter({ versions: '1' }, 'x'), 'UNKNOWN_OPTION', /"versions" of the filter of x; did you mean "version"\?/);
    expectThrow(() => parseFilter({ lane: 'canary' }, 'x'), 'UNKNOWN_OPTION', /"lane" of the filter of x; .* metadata: \{ key: value \}$/);
  });
});
