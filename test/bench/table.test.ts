import { expect } from 'chai';

import type { Figures } from '../../bench/figures.js';
import { mergeFigures } from '../../bench/figures.js';
import { plots } from '../../bench/plots.js';
import type { Row } from '../../bench/row.js';
import { number, table } from '../../bench/table.js';

const row = (n: number): Row => ({
  name: `things-${n}`,
  what: `${n} things`,
  peer: 'others',
  metrics: [
    { name: 'time', what: 'ms', goals: [{ of: 'ratio', atMost: 0.5 }] },
    { name: 'count', what: 'how many', plotted: false },
  ],
  rounds: 2,
  series: { name: 'things', title: 'Things', of: 'things', n },
  open: () => Promise.reject(new Error('not run here')),
});
const rows = [row(10), row(100)];
const figuresOf = (name: string, ours: number): Figures => ({
  machine: 'm',
  etcd: '3',
  rows: { [name]: { date: '2026-01-01', sides: { rollcall: { time: [ours, ours], count: [1, 1] }, peer: { time: [10, 10] } }, remark: 'seen' } },
});

describe('the table of a benchmark', () => {
  it('has a line for each metric, with medians, tail, ratio and whether the goal is met', () => {
    const [, , first, second] = table(figuresOf('things-10', 4), rows).split('\n');
    expect(first).to.equal('| `things-10` | 10 things, beside others (seen): **ms** | 4 | 4 | 10 | 10 | 0.4 | ratio ≤ 0.5: met |');
    expect(second).to.equal('|  | **how many** | 1 | 1 | – | – | – |  |');
  });

  it('says where a goal is missed, and by what figure', () => {
    expect(table(figuresOf('things-10', 8), rows)).to.include('ratio ≤ 0.5: **missed** (0.8)');
  });

  it('writes numbers without exponents', () => {
    expect([1234567, 123.4, 0.0123, 0.00001234, 0, 5].map(number)).to.deep.equal(['1,234,567', '123', '0.0123', '0.00001', '0', '5']);
  });

  it('keeps the figures of rows that were not run, and forgets rows that are gone', () => {
    const before: Figures = { ...figuresOf('things-10', 4), rows: { ...figuresOf('things-10', 4).rows, ...figuresOf('gone', 1).rows } };
    const merged = mergeFigures(before, figuresOf('things-100', 9), rows);
    expect(Object.keys(merged.rows)).to.deep.equal(['things-10', 'things-100']);
  });
});

describe('the plots of a benchmark', () => {
  const both: Figures = { ...figuresOf('things-10', 4), rows: { ...figuresOf('things-10', 4).rows, ...figuresOf('things-100', 9).rows } };

  it('draw each metric of rows that differ in a number, with both sides', () => {
    const drawn = plots(both, rows);
    expect(drawn.map(({ file, title }) => [file, title])).to.deep.equal([['things-time.svg', 'Things: ms']]);
    expect(drawn[0]!.svg).to.match(/^<svg /).and.to.include('rollcall').and.to.include('peer');
  });

  it('come out the same each time, so that a commit shows what changed', () => {
    expect(plots(both, rows)[0]!.svg).to.equal(plots(both, rows)[0]!.svg);
  });

  it('leave out what has one value only', () => {
    expect(plots(figuresOf('things-10', 4), rows)).to.deep.equal([]);
  });
});
