import { expect } from 'chai';

import { table } from '../../src/cli/output/table.js';
import { duration, painter, printable } from '../../src/cli/output/terminal.js';

describe('the form for a person', () => {
  const plain = painter(false);

  it('aligns a table by the widest cell of each column, and leaves out columns without a cell', () => {
    const rows = [
      ['a', '', '1'],
      ['longer-than-id', '', '100'],
    ];
    expect(table(['ID', 'ZONE', 'WEIGHT'], rows, plain)).to.equal('ID              WEIGHT\na               1\nlonger-than-id  100\n');
  });

  it('counts what a reader sees, not code units', () => {
    expect(table(['ID', 'N'], [['é👍🏽', '1'], ['abcd', '2']], plain)).to.equal('ID    N\né👍🏽    1\nabcd  2\n');
  });

  it('paints only where colour makes sense', () => {
    expect(painter(true)('green', 'x')).to.equal('\u001b[32mx\u001b[39m');
    expect(plain('green', 'x')).to.equal('x');
  });

  const hostile: [string, string][] = [
    ['\u001b[2J', '\\u{1b}[2J'],
    ['a\nb\r\tc', 'a\\u{a}b\\u{d}\\u{9}c'],
    ['\u009b31m', '\\u{9b}31m'],
    ['\u007f', '\\u{7f}'],
    ['\u202egpj', '\\u{202e}gpj'],
    ['\u2028', '\\u{2028}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\u{d800}'],
    ['zürich 👍 日本', 'zürich 👍 日本'],
  ];
  for (const [text, shown] of hostile) {
    it(`shows what a stranger wrote as ${shown}`, () => expect(printable(text)).to.equal(shown));
  }

  const durations: [number, string][] = [
    [-5, '0s'],
    [0, '0s'],
    [999, '0s'],
    [12_345, '12s'],
    [60_000, '1m'],
    [200_000, '3m 20s'],
    [7_500_000, '2h 5m'],
    [3_600_000 + 5000, '1h'],
    [86_400_000 * 4 + 3_600_000 * 3, '4d 3h'],
  ];
  for (const [ms, shown] of durations) {
    it(`says ${shown} for ${ms} ms`, () => expect(duration(ms)).to.equal(shown));
  }
});
