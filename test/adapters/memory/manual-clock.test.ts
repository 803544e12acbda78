import { expect } from 'chai';

import { ManualClock } from '../../../src/adapters/memory/index.js';

describe('ManualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock({ now: 1000 });
    await clock.advance();
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1250, 250]);
  });

  it('runs what is due in order of time, then of setting, each at its own moment', async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const set = (name: string, ms: number): void => {
      clock.setTimer(() => ran.push(`${name}@${clock.monotonic()}`), ms);
    };
    set('late', 30);
    set('early', 10);
    set('early too', 10);
    set('too late', 31);
    await clock.advance(30);
    expect(ran).to.deep.equal(['early@10', 'early too@10', 'late@30']);
    expect(clock.pending).to.equal(1);
  });

  it('runs timers that timers set, within the same advance', async () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.monotonic());
      clock.setTimer(tick, 10);
    };
    clock.setTimer(tick, 10);
    await clock.advance(35);
    expect(ticks).to.deep.equal([10, 20, 30]);
    expect(clock.monotonic()).to.equal(35);
  });

  it('lets promises settle before the first timer and between two', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let hop = 0; hop < 20; hop++) await Promise.resolve();
      seen.push(name);
    };
    void chain('before');
    clock.setTimer(() => {
      seen.push('timer 1');
      void chain('between');
    }, 1);
    clock.setTimer(() => seen.push('timer 2'), 2);
    await clock.advance(2);
    expect(seen).to.deep.equal(['before', 'timer 1', 'between', 'timer 2']);
  });

  it('forgets a timer that is disposed', async () => {
    const clock = new ManualClock();
    let ran = false;
    clock.setTimer(() => {
      ran = true;
    }, 5)[Symbol.dispose]();
    await clock.advance(10);
    expect(ran).to.be.false;
    expect(clock.pending).to.equal(0);
  });
});
