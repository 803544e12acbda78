import { expect } from 'chai';
import sinon from 'sinon';

import { Listeners } from '../../src/core/listeners.js';
import { settle } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';

describe('Listeners', () => {
  let logger: ReturnType<typeof fakeLogger>;
  let listeners: Listeners<[number]>;

  beforeEach(() => {
    logger = fakeLogger();
    listeners = new Listeners(logger, 'the test');
  });

  it('calls each in the order they came', () => {
    const [one, two] = [sinon.spy(), sinon.spy()];
    listeners.add(one);
    listeners.add(two);
    listeners.emit(7);
    sinon.assert.calledOnceWithExactly(one, 7);
    sinon.assert.callOrder(one, two);
  });

  it('calls a function that was added twice twice, and takes back one at a time', () => {
    const spy = sinon.spy();
    const first = listeners.add(spy);
    listeners.add(spy);
    listeners.emit(1);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    listeners.emit(2);
    expect(spy.callCount).to.equal(3);
    expect(listeners.size).to.equal(1);
  });

  it('shields each from what another throws or rejects with, and logs it', async () => {
    const last = sinon.spy();
    listeners.add(() => {
      throw new Error('sync');
    });
    listeners.add(() => Promise.reject(new Error('async')) as unknown as undefined);
    listeners.add(last);
    listeners.emit(1);
    await settle();
    expect(last.callCount).to.equal(1);
    expect(logger.error.args.map(([fields, message]) => [(fields as { err: Error }).err.message, message])).to.deep.equal([
      ['sync', 'a listener of the test threw'],
      ['async', 'a listener of the test threw'],
    ]);
  });

  it('does not call one that another has just taken away, nor one that has just come', () => {
    const [gone, come] = [sinon.spy(), sinon.spy()];
    const held: Disposable[] = [];
    listeners.add(() => {
      held[0]?.[Symbol.dispose]();
      listeners.add(come);
    });
    held.push(listeners.add(gone));
    listeners.emit(1);
    expect([gone.callCount, come.callCount]).to.deep.equal([0, 0]);
  });

  it('is silent once cleared', () => {
    const spy = sinon.spy();
    listeners.add(spy);
    listeners.clear();
    listeners.emit(1);
    expect([spy.callCount, listeners.size]).to.deep.equal([0, 0]);
  });
});
