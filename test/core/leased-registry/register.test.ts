import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { LeasedRegistry } from '../../../src/core/leased-registry.js';
import { countListeners } from '../../support/count-listeners.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';
import type { FakeLeaseStore } from '../../support/fake-lease-store.js';
import { init, outage, refused, registryUnderTest } from './registry-under-test.js';

describe('LeasedRegistry.register', () => {
  let registry: LeasedRegistry;
  let store: FakeLeaseStore;
  let clock: FakeClock;

  beforeEach(() => {
    ({ registry, store, clock } = registryUnderTest());
  });

  afterEach(async () => {
    await registry.close();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('resolves with an active handle once the record is stored, not before (law 6)', async () => {
    const held = store.holdWrite();
    let resolved = false;
    const registering = registry.register(init('a', { weight: 7 }));
    void registering.then(() => (resolved = true));
    const { answer } = await held;
    await settle();
    expect(resolved).to.equal(false);
    answer.resolve(['stored']);
    const registration = await registering;
    expect(registration.state).to.equal('active');
    expect(registration.instance).to.deep.equal({ service: 's', id: 'a', address: 'h:1', weight: 7, metadata: {} });
    expect(registration.detail).to.deep.equal({ since: clock.now() });
  });

  it('claims the id: the newest owner wins (law 8)', async () => {
    await registry.register(init('a'));
    expect(store.written).to.deep.equal([['claim a']]);
  });

  it('writes all that was asked for in one tick together, by TTL (law 11)', async () => {
    await Promise.all([registry.register(init('a')), registry.register(init('b'), { ttl: 30 }), registry.register(init('c'))]);
    expect(store.written).to.deep.equal([['claim a', 'claim c'], ['claim b']]);
    expect(store.write.args.map(([, ttl]) => ttl)).to.deep.equal([5, 30]);
  });

  it('writes what came during a write together afterwards', async () => {
    const held = store.holdWrite();
    const first = registry.register(init('a'));
    const { answer } = await held;
    const rest = [registry.register(init('b')), registry.register(init('c'))];
    await settle();
    answer.resolve(['stored']);
    await Promise.all([first, ...rest]);
    expect(store.written).to.deep.equal([['claim a'], ['claim b', 'claim c']]);
  });

  it('tries again with growing waits while the backend is away', async () => {
    store.write.onCall(0).rejects(outage).onCall(1).rejects(outage).onCall(2).rejects(outage);
    const registering = registry.register(init('a'));
    await clock.advance(99);
    expect(store.write.callCount).to.equal(1);
    await clock.advance(1);
    expect(store.write.callCount).to.equal(2);
    await clock.advance(199);
    expect(store.write.callCount).to.equal(2);
    await clock.advance(1);
    expect(store.write.callCount).to.equal(3);
    await clock.advance(400);
    expect((await registering).state).to.equal('active');
  });

  it('starts with a short wait again after a success', async () => {
    store.write.onCall(0).rejects(outage).onCall(1).rejects(outage);
    const first = registry.register(init('a'));
    await clock.advance(300);
    await first;
    store.write.onCall(3).rejects(outage);
    const second = registry.register(init('b'));
    await clock.advance(100);
    await second;
  });

  it('fails when time runs out, saying what kept failing, and leaves nothing behind', async () => {
    store.write.rejects(outage);
    const failure = expectRejection(registry.register(init('a')), 'UNAVAILABLE', /registering s a failed for 1000 ms: etcd is away/);
    await clock.advance(1000);
    expect((await failure).cause).to.equal(outage);
    await clock.advance(1000);
    expect(store.removed).to.deep.equal([['a']]);
    const writes = store.write.callCount;
    await clock.advance(60_000);
    expect(store.write.callCount).to.equal(writes);
  });

  it('fails with TIMEOUT when the backend says nothing, and removes what may have been written once it answers', async () => {
    const held = store.holdWrite();
    const failure = expectRejection(registry.register(init('a')), 'TIMEOUT', /registering s a took longer than 1000 ms/);
    await clock.advance(1000);
    await failure;
    expect(store.removed).to.deep.equal([]);
    (await held).answer.resolve(['stored']);
    await settle();
    expect(store.removed).to.deep.equal([['a']]);
  });

  it('fails at once on what trying again cannot mend', async () => {
    store.write.rejects(refused);
    expect(await expectRejection(registry.register(init('a')), 'PERMISSION_DENIED')).to.equal(refused);
  });

  it('keeps the good ones of a batch of which one is refused', async () => {
    store.write.callsFake((records) => (records.some(({ instance }) => instance.id === 'bad') ? Promise.reject(refused) : Promise.resolve(records.map(() => 'stored'))));
    const all = [registry.register(init('a')), registry.register(init('bad')), registry.register(init('c'))];
    await expectRejection(all[1]!, 'PERMISSION_DENIED');
    expect([(await all[0]!).state, (await all[2]!).state]).to.deep.equal(['active', 'active']);
    await clock.advance(1000);
    expect(store.removed).to.deep.equal([['bad']]);
  });

  it('refuses an id that it holds already, until that is deregistered', async () => {
    const first = await registry.register(init('a'));
    await expectRejection(registry.register(init('a')), 'ALREADY_REGISTERED', /"s" "a"/);
    await registry.register(init('a', { service: 'other' }));
    await first.deregister();
    expect((await registry.register(init('a'))).state).to.equal('active');
  });

  it('refuses an id that is still being registered', async () => {
    const first = registry.register(init('a'));
    await expectRejection(registry.register(init('a')), 'ALREADY_REGISTERED');
    await first;
  });

  it('lets an id that failed be registered again', async () => {
    store.write.onCall(0).rejects(refused);
    await expectRejection(registry.register(init('a')), 'PERMISSION_DENIED');
    const second = registry.register(init('a'));
    await clock.advance(1000);
    expect((await second).state).to.equal('active');
    // The removal of the failed one must not take the new one along.
    expect(store.remove.firstCall.calledBefore(store.write.lastCall)).to.equal(true);
  });

  it('refuses bad input before it touches the backend', async () => {
    await expectRejection(registry.register(init('a', { weight: -1 })), 'INVALID_INSTANCE');
    await expectRejection(registry.register(init('a', { service: '' })), 'INVALID_SERVICE');
    await expectRejection(registry.register(init('a', { address: '0.0.0.0:1' })), 'INVALID_ADDRESS');
    for (const ttl of [0, -1, 0.5, NaN, Infinity, '5' as unknown as number, 31_536_001]) await expectRejection(registry.register(init('a'), { ttl }), 'INVALID_INSTANCE', /ttl/);
    store.check.throws(new RollcallError('INVALID_INSTANCE', 'this layout has no weights'));
    await expectRejection(registry.register(init('a')), 'INVALID_INSTANCE', /no weights/);
    expect(store.write.callCount).to.equal(0);
  });

  it('is aborted before it starts, with nothing sent', async () => {
    await expectRejection(registry.register(init('a'), { signal: AbortSignal.abort() }), 'ABORTED');
    await settle();
    expect([store.write.callCount, store.remove.callCount]).to.deep.equal([0, 0]);
    await registry.register(init('a'));
  });

  it('is aborted in the tick in which it was asked for, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const registering = registry.register(init('a'), { signal: controller.signal });
    controller.abort();
    await expectRejection(registering, 'ABORTED', /registering s a was aborted/);
    await settle();
    expect(store.removed).to.deep.equal(store.written.map(() => ['a']));
    expect(countListeners(controller.signal)()).to.equal(0);
  });

  it('is aborted before its write was sent, with nothing to remove', async () => {
    const held = store.holdWrite();
    const first = registry.register(init('a'));
    const { answer } = await held;
    const controller = new AbortController();
    const second = registry.register(init('b'), { signal: controller.signal });
    controller.abort();
    await expectRejection(second, 'ABORTED');
    answer.resolve(['stored']);
    await first;
    await settle();
    expect([store.written, store.removed]).to.deep.equal([[['claim a']], []]);
  });

  it('is aborted during its write, and what may have been written is removed', async () => {
    const held = store.holdWrite();
    const controller = new AbortController();
    const registering = registry.register(init('a'), { signal: controller.signal });
    const { answer } = await held;
    controller.abort();
    await expectRejection(registering, 'ABORTED');
    answer.resolve(['stored']);
    await settle();
    expect(store.removed).to.deep.equal([['a']]);
    expect(countListeners(controller.signal)()).to.equal(0);
  });

  it('stays registered when its signal aborts later', async () => {
    const controller = new AbortController();
    const registration = await registry.register(init('a'), { signal: controller.signal });
    controller.abort();
    await settle();
    expect([registration.state, store.removed]).to.deep.equal(['active', []]);
    expect(countListeners(controller.signal)()).to.equal(0);
  });

  it('is told by the backend that a newer owner stands there', async () => {
    store.write.resolves(['superseded']);
    await expectRejection(registry.register(init('a')), 'SUPERSEDED', /"s" "a" was registered by a newer owner/);
  });
});
