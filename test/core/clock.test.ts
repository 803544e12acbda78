import { expect } from 'chai';
import sinon from 'sinon';

import { systemClock } from '../../src/core/clock.js';

describe('the system clock', () => {
  let time: sinon.SinonFakeTimers;

  beforeEach(() => {
    time = sinon.useFakeTimers();
  });

  afterEach(() => {
    time.restore();
  });

  it('runs a timer once, after its time', () => {
    const ring = sinon.spy();
    systemClock.setTimer(ring, 1_000);
    time.tick(999);
    expect(ring.callCount).to.equal(0);
    time.tick(10_000);
    expect(ring.callCount).to.equal(1);
  });

  it('waits longer than Node’s timers can, instead of running at once', () => {
    const ring = sinon.spy();
    const year = 31_536_000_000;
    systemClock.setTimer(ring, year);
    time.tick(year - 1);
    expect(ring.callCount).to.equal(0);
    time.tick(1);
    expect(ring.callCount).to.equal(1);
  });

  it('takes a timer back, at whatever stage', () => {
    const ring = sinon.spy();
    const timer = systemClock.setTimer(ring, 5_000_000_000);
    time.tick(3_000_000_000);
    timer[Symbol.dispose]();
    expect(time.countTimers()).to.equal(0);
    time.tick(10_000_000_000);
    expect(ring.callCount).to.equal(0);
  });
});
