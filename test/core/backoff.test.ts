import { expect } from 'chai';

import { Backoff } from '../../src/core/backoff.js';

describe('Backoff', () => {
  const highest = (): number => 1 - Number.EPSILON;

  it('doubles its bound up to the greatest', () => {
    const backoff = new Backoff(highest, { initialMs: 50, maxMs: 1000 });
    const waits = Array.from({ length: 7 }, () => Math.round(backoff.next()));
    expect(waits).to.deep.equal([50, 100, 200, 400, 800, 1000, 1000]);
  });

  it('waits at least half the bound, whatever chance says', () => {
    const backoff = new Backoff(() => 0, { initialMs: 50, maxMs: 1000, factor: 4 });
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).to.deep.equal([25, 100, 400, 500]);
  });

  it('starts small again after a success', () => {
    const backoff = new Backoff(() => 0);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).to.equal(25);
  });

  it('never exceeds the greatest, even where the first is set above it', () => {
    expect(new Backoff(highest, { initialMs: 500, maxMs: 100 }).next()).to.be.at.most(100);
  });

  it('spreads those that start together', () => {
    const waits = [0, 0.25, 0.5, 0.75].map((chance) => new Backoff(() => chance).next());
    expect(new Set(waits).size).to.equal(4);
  });
});
