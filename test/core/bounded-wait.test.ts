import { expect } from 'chai';

import { boundedWait } from '../../src/core/bounded-wait.js';
import { deferred, type Deferred } from '../../src/core/deferred.js';
import { countListeners } from '../support/count-listeners.js';
import { expectRejection } from '../support/expect-rejection.js';
import { FakeClock } from '../support/fake-clock.js';

describe('a bounded wait', () => {
  let clock: FakeClock;
  let controller: AbortController;
  let listeners: () => number;
  let work: Deferred<string>;
  const wait = (): Promise<string> => boundedWait(work.promise, { clock, ms: 100, what: 'the work', signal: controller.signal });
  const leftovers = (): unknown => ({ timers: clock.pending, listeners: listeners() });

  beforeEach(() => {
    clock = new FakeClock();
    controller = new AbortController();
    listeners = countListeners(controller.signal);
    work = deferred();
  });

  afterEach(() => {
    expect(leftovers()).to.deep.equal({ timers: 0, listeners: 0 });
  });

  it('gives the result, or the error, as it is', async () => {
    const first = wait();
    work.resolve('done');
    expect(await first).to.equal('done');
    const failed = deferred<string>();
    const second = boundedWait(failed.promise, { clock, ms: 100, what: 'the work' });
    const error = new Error('broken');
    failed.reject(error);
    expect(await second.catch((reason: unknown) => reason)).to.equal(error);
  });

  it('ends with TIMEOUT when the time is over', async () => {
    const waiting = expectRejection(wait(), 'TIMEOUT', /^the work took longer than 100 ms$/);
    await clock.advance(100);
    await waiting;
  });

  it('ends with ABORTED when the signal aborts, before or meanwhile', async () => {
    const waiting = expectRejection(wait(), 'ABORTED', /^the work was aborted$/);
    controller.abort();
    await waiting;
    await expectRejection(wait(), 'ABORTED');
  });
});
