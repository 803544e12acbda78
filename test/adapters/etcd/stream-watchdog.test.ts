import { expect } from 'chai';
import sinon from 'sinon';

import { StreamWatchdog } from '../../../src/adapters/etcd/stream-watchdog.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('the watchdog of a stream', () => {
  let clock: FakeClock;
  let ask: sinon.SinonSpy;
  let silent: sinon.SinonSpy;
  let watchdog: StreamWatchdog;

  beforeEach(() => {
    clock = new FakeClock();
    ask = sinon.spy();
    silent = sinon.spy();
    watchdog = new StreamWatchdog({ clock, intervalMs: 1000, timeoutMs: 800, ask, silent });
  });

  afterEach(() => {
    watchdog[Symbol.dispose]();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('asks after a silence, once, and gives up when nothing comes', async () => {
    await clock.advance(999);
    expect(ask.callCount).to.equal(0);
    await clock.advance(1);
    expect(ask.callCount).to.equal(1);
    await clock.advance(799);
    expect(silent.callCount).to.equal(0);
    await clock.advance(1);
    expect(silent.callCount).to.equal(1);
    await clock.advance(10_000);
    expect([ask.callCount, silent.callCount]).to.deep.equal([1, 1]);
  });

  it('is content with any message, and counts the silence from there', async () => {
    await clock.advance(1300);
    watchdog.heard();
    await clock.advance(999);
    expect(ask.callCount).to.equal(1);
    await clock.advance(1);
    expect(ask.callCount).to.equal(2);
    expect(silent.callCount).to.equal(0);
  });

  it('asks nothing of a stream that is lively', async () => {
    for (let i = 0; i < 50; i++) {
      await clock.advance(300);
      watchdog.heard();
    }
    expect(ask.callCount).to.equal(0);
  });

  it('does not take the sleep of this process for the silence of the other side', () => {
    let now = 0;
    const due: (() => void)[] = [];
    const asleep = new StreamWatchdog({
      // A clock whose timers fire when we say, however late.
      clock: { now: () => now, monotonic: () => now, setTimer: (callback) => (due.push(callback), { [Symbol.dispose]: () => undefined }) },
      intervalMs: 1000,
      timeoutMs: 800,
      ask,
      silent,
    });
    now = 1000;
    due[0]!();
    expect(ask.callCount).to.equal(1);
    // Suspended for a minute: the limit fires at once on waking, before any socket was read.
    now = 61_000;
    due.at(-1)!();
    expect(silent.callCount).to.equal(0);
    // Nothing had arrived meanwhile either.
    due.at(-1)!();
    expect(silent.callCount).to.equal(1);
    asleep[Symbol.dispose]();
  });
});
