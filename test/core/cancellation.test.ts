import { expect } from 'chai';
import sinon from 'sinon';

import { abortable, abortedError, linkSignals, sleep, throwIfAborted, withTimeout } from '../../src/core/cancellation.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import { countListeners } from '../support/count-listeners.js';
import { expectRejection, expectThrow } from '../support/expect-rejection.js';
import { FakeClock } from '../support/fake-clock.js';

describe('cancellation', () => {
  let controller: AbortController;
  let listeners: () => number;
  let clock: FakeClock;

  beforeEach(() => {
    controller = new AbortController();
    listeners = countListeners(controller.signal);
    clock = new FakeClock();
  });

  it('is ABORTED with the reason as cause, or the reason itself where it is one of ours', () => {
    const timeout = new RollcallError('TIMEOUT', 'slow');
    expect(abortedError(AbortSignal.abort(timeout), 'x')).to.equal(timeout);
    expect(abortedError(AbortSignal.abort('why'), 'reading')).to.include({ code: 'ABORTED', message: 'reading was aborted', cause: 'why' });
    expectThrow(() => throwIfAborted(AbortSignal.abort(), 'x'), 'ABORTED');
    throwIfAborted(undefined, 'x');
    throwIfAborted(controller.signal, 'x');
  });

  describe('abortable', () => {
    it('gives the result, or the failure, and leaves no listener', async () => {
      expect(await abortable(Promise.resolve(7), controller.signal, 'x')).to.equal(7);
      await expectRejection(abortable(Promise.reject(new RollcallError('CLOSED', 'x')), controller.signal, 'x'), 'CLOSED');
      expect(listeners()).to.equal(0);
    });

    it('rejects when the signal comes first, and swallows a late failure', async () => {
      const work = deferred<number>();
      const result = abortable(work.promise, controller.signal, 'x');
      controller.abort();
      await expectRejection(result, 'ABORTED');
      work.reject(new Error('late'));
      await expectRejection(abortable(new Promise(() => undefined), controller.signal, 'x'), 'ABORTED');
      expect(listeners()).to.equal(0);
    });
  });

  describe('linkSignals', () => {
    it('aborts with the first reason of any source', () => {
      const other = new AbortController();
      using linked = linkSignals(controller.signal, undefined, other.signal);
      expect(linked.signal.aborted).to.equal(false);
      other.abort('second');
      controller.abort('first');
      expect(linked.signal.reason).to.equal('second');
    });

    it('is aborted from the start where a source is', () => {
      using linked = linkSignals(controller.signal, AbortSignal.abort('was'));
      expect(linked.signal.reason).to.equal('was');
    });

    it('lets go of its sources when disposed', () => {
      const linked = linkSignals(controller.signal);
      expect(listeners()).to.equal(1);
      linked[Symbol.dispose]();
      expect(listeners()).to.equal(0);
      controller.abort();
      expect(linked.signal.aborted).to.equal(false);
    });
  });

  describe('sleep', () => {
    it('ends after its time, not before, and leaves nothing', async () => {
      const done = sinon.spy();
      const sleeping = sleep(clock, 100, controller.signal).then(done);
      await clock.advance(99);
      expect(done.callCount).to.equal(0);
      await clock.advance(1);
      await sleeping;
      expect([clock.pending, listeners()]).to.deep.equal([0, 0]);
    });

    it('is cut short by the signal, and leaves nothing', async () => {
      const sleeping = sleep(clock, 100, controller.signal);
      controller.abort();
      await expectRejection(sleeping, 'ABORTED');
      await expectRejection(sleep(clock, 100, controller.signal), 'ABORTED');
      expect([clock.pending, listeners()]).to.deep.equal([0, 0]);
    });
  });

  describe('withTimeout', () => {
    it('gives the result and takes its timer back', async () => {
      expect(await withTimeout(clock, 100, 'x', controller.signal, () => Promise.resolve(1))).to.equal(1);
      expect([clock.pending, listeners()]).to.deep.equal([0, 0]);
    });

    it('rejects with TIMEOUT, and tells the work', async () => {
      let told: AbortSignal | undefined;
      const work = (signal: AbortSignal): Promise<never> => {
        told = signal;
        return new Promise(() => undefined);
      };
      const refused = expectRejection(withTimeout(clock, 100, 'listing', controller.signal, work), 'TIMEOUT', /listing took longer than 100 ms/);
      await clock.advance(100);
      await refused;
      expect([told!.aborted, clock.pending, listeners()]).to.deep.equal([true, 0, 0]);
    });

    it('rejects with ABORTED when the caller gives up first', async () => {
      const result = withTimeout(clock, 100, 'x', controller.signal, () => new Promise(() => undefined));
      controller.abort();
      await expectRejection(result, 'ABORTED');
      expect([clock.pending, listeners()]).to.deep.equal([0, 0]);
    });

    it('takes its timer back when the work throws at once', async () => {
      await expectRejection(
        withTimeout(clock, 100, 'x', controller.signal, () => {
          throw new RollcallError('INTERNAL', 'mine');
        }),
        'INTERNAL',
      );
      expect([clock.pending, listeners()]).to.deep.equal([0, 0]);
    });
  });
});
