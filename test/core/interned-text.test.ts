import { expect } from 'chai';

import { instanceFromRecord } from '../../src/core/instance.js';
import { internedText } from '../../src/core/interned-text.js';

describe('texts that many records say', () => {
  it('are kept as they are, also those that are no good Unicode, and when they are too many', () => {
    for (const text of ['', 'short', 'eu-central-1a', 'é'.repeat(40), 'half a pair \ud800', '"quoted" \\ \u0000 and more', 'x'.repeat(1000)]) {
      for (const again of [1, 2]) expect(internedText(text), `time ${again}`).to.equal(text);
      const read = instanceFromRecord('s', 'i', { address: 'h:1', zone: text, version: text, metadata: { text } });
      expect([read.zone, read.version, read.metadata.text]).to.deep.equal([text, text, text]);
    }
    for (let n = 0; n < 3_000; n++) expect(internedText(`a longer text ${n}`)).to.equal(`a longer text ${n}`);
  });

  it('leave what was read as it was, also where it is frozen', () => {
    const metadata = Object.freeze({ cluster: 'production-1' });
    const read = instanceFromRecord('s', 'i', { address: 'h:1', metadata });
    expect(read.metadata).to.deep.equal(metadata);
    const open = { cluster: 'production-2' };
    const second = instanceFromRecord('s', 'i', { address: 'h:1', metadata: open });
    open.cluster = 'changed';
    expect(second.metadata).to.deep.equal({ cluster: 'production-2' });
  });
});
