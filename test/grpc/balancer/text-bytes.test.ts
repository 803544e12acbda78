import { expect } from 'chai';

import { bytesOf } from '../../../src/grpc/balancer/text-bytes.js';

describe('the bytes of a text', () => {
  for (const text of ['', 'a', 'user-1', '\u007f', '\u0080', 'größe', 'ab€', '\u{1f600}', 'x'.repeat(128), 'y'.repeat(129), `${'z'.repeat(127)}ü`]) {
    it(`are those of UTF-8: ${JSON.stringify(text.slice(-8))}, ${text.length}`, () => {
      expect([...bytesOf(text)]).to.deep.equal([...Buffer.from(text)]);
    });
  }

  it('hold nothing of another text of the same length', () => {
    bytesOf('größe');
    bytesOf('abcde');
    expect(Buffer.from(bytesOf('fghij')).toString()).to.equal('fghij');
  });
});
