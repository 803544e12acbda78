import { expect } from 'chai';
import sinon from 'sinon';

import { createInstance } from '../../src/core/instance.js';
import type { RegistrationState } from '../../src/core/ports.js';
import { RegistrationHandle, type RegistrationOwner } from '../../src/core/registration-handle.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';
import { outage } from './leased-registry/registry-under-test.js';

describe('RegistrationHandle', () => {
  let clock: FakeClock;
  let owner: sinon.SinonStubbedInstance<RegistrationOwner>;
  let handle: RegistrationHandle;

  beforeEach(() => {
    clock = new FakeClock();
    owner = { update: sinon.stub<Parameters<RegistrationOwner['update']>, Promise<void>>().resolves(), deregister: sinon.stub<[RegistrationHandle], Promise<void>>().resolves(), entered: sinon.stub() };
    handle = new RegistrationHandle(createInstance({ service: 's', address: 'h:1' }), owner, { clock, logger: fakeLogger() });
  });

  it('says since when it is in its state, and why', async () => {
    await clock.advance(5);
    expect(handle.enter('recovering', outage)).to.equal(true);
    expect(handle.detail).to.deep.equal({ since: clock.now(), reason: outage });
    await clock.advance(5);
    expect(handle.enter('recovering')).to.equal(false);
    expect(handle.detail.since).to.equal(clock.now() - 5);
  });

  for (const final of ['superseded', 'closed'] as const) {
    it(`never leaves ${final}, and tells nobody any more`, () => {
      const states: RegistrationState[] = [];
      handle.subscribe((state) => states.push(state));
      handle.enter(final);
      for (const state of ['active', 'recovering', 'superseded', 'closed'] as const) expect(handle.enter(state)).to.equal(false);
      expect([handle.state, states]).to.deep.equal([final, [final]]);
    });
  }

  it('tells a listener that comes later nothing of the present state, and one that left nothing at all', () => {
    const [left, late] = [sinon.spy(), sinon.spy()];
    handle.subscribe(left)[Symbol.dispose]();
    handle.enter('recovering', outage);
    handle.subscribe(late);
    expect([left.callCount, late.callCount]).to.deep.equal([0, 0]);
    handle.enter('active');
    expect(late.args.map(([state]) => state as RegistrationState)).to.deep.equal(['active']);
  });

  it('asks its owner to update and to deregister', async () => {
    await handle.update({ weight: 1 });
    await handle.deregister();
    await handle[Symbol.asyncDispose]();
    sinon.assert.calledOnceWithExactly(owner.update, handle, { weight: 1 }, {});
    expect(owner.deregister.callCount).to.equal(2);
  });
});
