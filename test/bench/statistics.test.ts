import { expect } from 'chai';

import type { RowFigures } from '../../bench/measure.js';
import { figureFor, isMet, ratioOf, spreadOf, summaryOf } from '../../bench/statistics.js';

const figures: RowFigures = {
  sides: {
    rollcall: { time: [10, 20, 30], latency: [[1, 2, 3], [2, 3, 4], [3, 4, 100]], rate: [100, 50, 200] },
    peer: { time: [100, 10, 30], rate: [50, 100, 100] },
  },
};

describe('the statistics of a benchmark', () => {
  it('take the median and the middle half', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).to.deep.equal({ median: 3, lower: 2, upper: 4 });
    expect(spreadOf([1, 2])).to.deep.equal({ median: 1.5, lower: 1.25, upper: 1.75 });
  });

  it('count a round of samples by its median, and the tail by all samples', () => {
    const summary = summaryOf(figures, 'rollcall', { name: 'latency' });
    expect(summary).to.include({ median: 3, worst: 100 });
    expect(summary!.p99).to.be.within(4, 100);
    expect(summaryOf(figures, 'peer', { name: 'latency' })).to.equal(undefined);
  });

  it('look for the tail at the other end where more is better', () => {
    expect(summaryOf(figures, 'rollcall', { name: 'rate', better: 'higher' })).to.include({ median: 100, worst: 50 });
  });

  it('divide each round by the one beside it, not the medians', () => {
    expect(ratioOf(figures, 'time')?.median).to.equal(1);
    expect(ratioOf(figures, 'latency')).to.equal(undefined);
  });

  it('hold a goal against the figure that it speaks of', () => {
    expect(figureFor({ of: 'ratio', atMost: 1 }, figures, { name: 'time' })).to.equal(1);
    expect(figureFor({ of: 'worst', atMost: 1 }, figures, { name: 'time' })).to.equal(30);
    expect(isMet({ of: 'median', atMost: 10 }, 10)).to.equal(true);
    expect(isMet({ of: 'median', atMost: 10 }, 10.1)).to.equal(false);
    expect(isMet({ of: 'ratio', atLeast: 0.97 }, 0.96)).to.equal(false);
    expect(isMet({ of: 'ratio', atLeast: 0.97 }, Number.NaN)).to.equal(false);
  });
});
