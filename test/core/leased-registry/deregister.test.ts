import { expect } from 'chai';
import sinon from 'sinon';

import type { LeasedRegistry } from '../../../src/core/leased-registry.js';
import type { Registration } from '../../../src/core/ports.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';
import type { FakeLeaseStore } from '../../support/fake-lease-store.js';
import type { fakeLogger } from '../../support/fake-logger.js';
import { init, leaseLost, outage, refused, registryUnderTest, statesOf } from './registry-under-test.js';

describe('Registration.deregister', () => {
  let registry: LeasedRegistry;
  let store: FakeLeaseStore;
  let clock: FakeClock;
  let logger: ReturnType<typeof fakeLogger>;
  let a: Registration;
  let b: Registration;

  beforeEach(async () => {
    ({ registry, store, clock, logger } = registryUnderTest());
    [a, b] = await Promise.all([registry.register(init('a')), registry.register(init('b'))]);
    store.write.resetHistory();
  });

  afterEach(async () => {
    await registry.close();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('is closed at once and resolves when the record is gone; asking again is the same', async () => {
    const states = statesOf(a);
    const held = store.holdRemove();
    const done = sinon.spy();
    const deregistering = Promise.all([a.deregister(), a.deregister()]).then(done);
    expect(states).to.deep.equal(['closed']);
    const answer = await held;
    await settle();
    expect(done.callCount).to.equal(0);
    answer.resolve();
    await deregistering;
    await a.deregister();
    await a[Symbol.asyncDispose]();
    expect(store.removed).to.deep.equal([['a']]);
    expect(b.state).to.equal('active');
  });

  it('removes several of one tick together', async () => {
    await Promise.all([a.deregister(), b.deregister()]);
    expect(store.removed).to.deep.equal([['a', 'b']]);
  });

  it('goes on in the background when the backend is away for longer than it waits', async () => {
    store.remove.rejects(outage);
    const failure = expectRejection(a.deregister(), 'UNAVAILABLE', /deregistering s a failed for 1000 ms: etcd is away/);
    await clock.advance(1000);
    await failure;
    store.remove.resolves();
    await clock.advance(400);
    await a.deregister();
    const removals = store.remove.callCount;
    await clock.advance(10_000);
    expect(store.remove.callCount).to.equal(removals);
  });

  it('fails when the backend refuses, says so in the log once, and goes on trying until the record is gone', async () => {
    store.remove.rejects(refused);
    await expectRejection(a.deregister(), 'PERMISSION_DENIED');
    await clock.advance(10_000);
    expect(logger.error.args.map(([, message]) => message as unknown)).to.deep.equal(['a record could not be removed; trying again']);
    // At most twice a second, but for the first few.
    expect(store.remove.callCount).to.be.within(8, 30);
    store.remove.resolves();
    await clock.advance(2_000);
    const removals = store.remove.callCount;
    await clock.advance(10_000);
    expect(store.remove.callCount).to.equal(removals);
  });

  it('that the backend refuses keeps no other registration from being stored', async () => {
    store.remove.rejects(refused);
    await expectRejection(a.deregister(), 'PERMISSION_DENIED');
    const other = registry.register({ service: 's', id: 'other', address: '10.0.0.9:80' });
    await clock.advance(2_000);
    expect(await other).to.have.property('state', 'active');
  });

  it('waits for the write of it that is under way, then removes', async () => {
    const held = store.holdWrite();
    store.events.lost([a.instance], leaseLost);
    const { answer } = await held;
    const deregistering = a.deregister();
    await settle();
    expect(store.removed).to.deep.equal([]);
    answer.resolve(['stored']);
    await deregistering;
    expect(store.removed).to.deep.equal([['a']]);
    expect(a.state).to.equal('closed');
  });

  it('lets the same id be registered again at once: the removal goes first', async () => {
    const [, again] = await Promise.all([a.deregister(), registry.register(init('a', { weight: 5 }))]);
    sinon.assert.callOrder(store.remove, store.write);
    expect(store.written).to.deep.equal([['claim a']]);
    expect(again).to.not.equal(a);
    expect([again.state, a.state]).to.deep.equal(['active', 'closed']);
  });

  it('never removes after writing the same id anew, also when another removal is under way', async () => {
    const held = store.holdRemove();
    const first = b.deregister();
    const answer = await held;
    const second = a.deregister();
    const again = registry.register(init('a'));
    await settle();
    answer.resolve();
    await Promise.all([first, second, again]);
    expect(store.removed).to.deep.equal([['b'], ['a']]);
    expect(store.remove.lastCall.calledBefore(store.write.lastCall), 'removed before written').to.equal(true);
  });

  it('is what leaving a using block does', async () => {
    {
      await using c = await registry.register(init('c'));
      expect(c.state).to.equal('active');
    }
    expect(store.removed).to.deep.equal([['c']]);
  });

  it('stops telling its listeners', async () => {
    const states = statesOf(a);
    await a.deregister();
    store.events.lost([a.instance], leaseLost);
    store.events.superseded(a.instance);
    await settle();
    expect(states).to.deep.equal(['closed']);
  });
});
