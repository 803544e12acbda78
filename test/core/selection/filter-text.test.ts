import { expect } from 'chai';

import { parseFilterText } from '../../../src/core/selection/filter-text.js';
import { expectThrow } from '../../support/expect-rejection.js';

describe('the text of a filter', () => {
  it('names fields and metadata', () => {
    expect(parseFilterText('version=1.4.*,lane=canary', '--filter')).to.deep.equal({ version: ['1.4.*'], metadata: { lane: ['canary'] } });
    expect(parseFilterText(' zone=a|b , lane!=canary|beta', '--filter')).to.deep.equal({ zone: ['a', 'b'], metadata: { lane: ['!canary', '!beta'] } });
    expect(parseFilterText('metadata.version=x,version=!y', '--filter')).to.deep.equal({ version: ['!y'], metadata: { version: ['x'] } });
    expect(parseFilterText('expr=a=b', '--filter')).to.deep.equal({ metadata: { expr: ['a=b'] } });
  });

  for (const text of ['', 'version', 'version=', '=x', 'a=b,,c=d', 'metadata.=x', '!=x']) {
    it(`refuses ${JSON.stringify(text)}`, () => void expectThrow(() => parseFilterText(text, '--filter'), 'INVALID_CONFIG', /^--filter: /));
  }

  it('refuses a name that is given twice', () => {
    expectThrow(() => parseFilterText('zone=a,zone=b', '--filter'), 'INVALID_CONFIG', /"zone" is given twice; write zone=a\|b/);
    expectThrow(() => parseFilterText('lane=a,metadata.lane=b', '--filter'), 'INVALID_CONFIG', /given twice/);
  });

  it('keeps a key that is a trap out of the prototype', () => {
    const { metadata } = parseFilterText('__proto__=x', '--filter');
    expect(Object.keys(metadata ?? {})).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>).x).to.equal(undefined);
  });
});
