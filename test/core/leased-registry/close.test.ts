import { expect } from 'chai';
import sinon from 'sinon';

import { deferred } from '../../../src/core/deferred.js';
import type { LeasedRegistry } from '../../../src/core/leased-registry.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';
import type { FakeLeaseStore } from '../../support/fake-lease-store.js';
import { init, leaseLost, outage, registryUnderTest, statesOf } from './registry-under-test.js';

describe('LeasedRegistry.close', () => {
  let registry: LeasedRegistry;
  let store: FakeLeaseStore;
  let clock: FakeClock;

  beforeEach(() => {
    ({ registry, store, clock } = registryUnderTest());
  });

  afterEach(async () => {
    await registry.close();
    expect(clock.pending, 'timers left').to.equal(0);
    expect(store.close.callCount).to.equal(1);
  });

  it('closes every handle and leaves the removal to the store, once', async () => {
    const [a, b] = await Promise.all([registry.register(init('a')), registry.register(init('b'))]);
    const states = statesOf(a);
    const closing = [registry.close(), registry.close(), registry[Symbol.asyncDispose]()];
    expect([a.state, b.state]).to.deep.equal(['closed', 'closed']);
    await Promise.all(closing);
    expect(states).to.deep.equal(['closed']);
    expect(store.remove.callCount).to.equal(0);
  });

  it('resolves only when the store has closed', async () => {
    const gate = deferred();
    store.close.returns(gate.promise);
    const done = sinon.spy();
    const closing = registry.close().then(done);
    await settle();
    expect(done.callCount).to.equal(0);
    gate.resolve();
    await closing;
  });

  it('breaks off a write that is under way before it closes the store, and rejects who waits for it with CLOSED', async () => {
    const held = store.holdWrite();
    const registering = expectRejection(registry.register(init('a')), 'CLOSED');
    const { signal } = await held;
    await registry.close();
    await registering;
    expect(signal.aborted).to.equal(true);
    expect(store.written).to.deep.equal([['claim a']]);
  });

  it('lets a write that ends in success all the same end as nothing', async () => {
    const gate = deferred<readonly 'stored'[]>();
    store.write.onFirstCall().returns(gate.promise);
    const registering = expectRejection(registry.register(init('a')), 'CLOSED');
    await settle();
    const closing = registry.close();
    await registering;
    expect(store.close.callCount, 'the store is not closed under a running write').to.equal(0);
    gate.resolve(['stored']);
    await closing;
  });

  it('does not wait for the next retry', async () => {
    const a = await registry.register(init('a'));
    store.write.rejects(outage);
    store.events.lost([a.instance], leaseLost);
    await settle();
    expect(clock.pending).to.equal(1);
    await registry.close();
    expect(clock.pending).to.equal(0);
  });

  it('completes a deregistration that waits for the backend', async () => {
    const a = await registry.register(init('a'));
    store.remove.rejects(outage);
    const deregistering = a.deregister();
    await settle();
    await registry.close();
    await deregistering;
  });

  it('completes a deregistration that comes after it', async () => {
    const a = await registry.register(init('a'));
    const closing = registry.close();
    await a.deregister();
    await closing;
    await a.deregister();
  });

  it('rejects everything afterwards with CLOSED (law 9)', async () => {
    const a = await registry.register(init('a'));
    await registry.close();
    await expectRejection(registry.register(init('b')), 'CLOSED', /the registry is closed/);
    await expectRejection(a.update({ weight: 1 }), 'CLOSED');
  });

  it('ignores what the store still reports', async () => {
    const a = await registry.register(init('a'));
    await registry.close();
    store.events.lost([a.instance], leaseLost);
    store.events.superseded(a.instance);
    await settle();
    expect([a.state, store.write.callCount]).to.deep.equal(['closed', 1]);
  });
});
