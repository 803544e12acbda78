import { expect } from 'chai';

import { quote } from '../../src/core/quote.js';

describe('a quoted value', () => {
  it('stays on one line and cannot steer a terminal', () => {
    expect(quote('a\n\u001b[31m\u007f\u009b\u2028"')).to.equal('"a\\n\\u001b[31m\\u007f\\u009b\\u2028\\""');
  });

  it('is cut where it is long', () => {
    expect(quote('x'.repeat(1000))).to.equal(`"${'x'.repeat(80)}…"`);
  });

  it('says what kind of thing it is where its content is nobody’s business', () => {
    const values = [7, true, 10n, undefined, null, [], {}, () => undefined, Symbol('x')];
    expect(values.map(quote)).to.deep.equal(['7', 'true', '10', 'undefined', 'null', 'an array', 'an object', 'a function', 'a symbol']);
  });
});
