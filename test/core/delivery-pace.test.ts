import { expect } from 'chai';

import { DeliveryPace } from '../../src/core/delivery-pace.js';

/** Changes every so many milliseconds for so long: when each is delivered, as whoever keeps one timer does it. */
function deliveries(pace: DeliveryPace, everyMs: number, forMs: number, from = 0): number[] {
  const delivered: number[] = [];
  let due: number | undefined;
  for (let now = from; now < from + forMs; now += everyMs) {
    if (due !== undefined && due <= now) {
      delivered.push(due);
      due = undefined;
    }
    const wait = pace.next(now, due !== undefined);
    if (due === undefined && wait === 0) delivered.push(now);
    else due ??= now + wait;
  }
  return due === undefined ? delivered : [...delivered, due];
}

describe('DeliveryPace', () => {
  it('shows changes that come one at a time at once, for ever', () => {
    expect(deliveries(new DeliveryPace(), 10, 60_000)).to.have.length(6_000);
  });

  it('shows a few in a row at once', () => {
    const pace = new DeliveryPace();
    expect(Array.from({ length: 10 }, () => pace.next(1_000, false))).to.deep.equal(Array.from({ length: 10 }, () => 0));
    expect(pace.next(1_000, false)).to.be.greaterThan(0);
  });

  it('shows a flood in larger and larger steps, none of them longer than 400 ms', () => {
    const all = deliveries(new DeliveryPace(), 0.4, 4_000);
    expect(all.length).to.be.within(18, 30);
    const steps = all.slice(1).map((at, index) => at - (all[index] ?? NaN));
    expect(Math.max(...steps)).to.be.at.most(401);
    const waits = steps.filter((step) => step > 20);
    expect(waits.slice(0, 5).map(Math.round)).to.deep.equal([25, 50, 100, 200, 400]);
  });

  it('keeps no change waiting longer for what comes after it', () => {
    const pace = new DeliveryPace();
    while (pace.next(0, false) === 0);
    for (let now = 0; now < 20; now++) expect(pace.next(now, true)).to.equal(0);
  });

  it('forgets a flood after a moment of quiet', () => {
    const pace = new DeliveryPace();
    deliveries(pace, 0.4, 10_000);
    expect(pace.next(10_301, false)).to.equal(0);
    expect(deliveries(pace, 0.4, 30, 20_000).filter((at) => at < 20_010)).to.have.length.of.at.least(10);
  });

  it('tells a moderate stream apart from a flood that has just paused', () => {
    const pace = new DeliveryPace();
    deliveries(pace, 0.4, 1_000);
    // Still in debt: 50 ms are not enough.
    expect(pace.next(1_050, false)).to.be.greaterThan(0);
  });
});
