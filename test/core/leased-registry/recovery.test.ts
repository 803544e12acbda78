import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { LeasedRegistry } from '../../../src/core/leased-registry.js';
import type { Registration, RegistrationDetail, RegistrationState } from '../../../src/core/ports.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';
import type { FakeLeaseStore } from '../../support/fake-lease-store.js';
import type { fakeLogger } from '../../support/fake-logger.js';
import { init, leaseLost, outage, refused, registryUnderTest, statesOf } from './registry-under-test.js';

describe('LeasedRegistry, when the backend loses records', () => {
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

  it('writes them again, all in one go, and the handles show it (law 7)', async () => {
    const details: [RegistrationState, RegistrationDetail][] = [];
    a.subscribe((state, detail) => details.push([state, detail]));
    const held = store.holdWrite();
    store.events.lost([a.instance, b.instance], leaseLost);
    expect([a.state, b.state]).to.deep.equal(['recovering', 'recovering']);
    (await held).answer.resolve(['stored', 'stored']);
    await settle();
    expect([a.state, b.state]).to.deep.equal(['active', 'active']);
    expect(store.written).to.deep.equal([['renew a', 'renew b']]);
    expect(details).to.deep.equal([
      ['recovering', { since: clock.now(), reason: leaseLost }],
      ['active', { since: clock.now() }],
    ]);
  });

  it('tries for ever, and says so once', async () => {
    store.write.rejects(outage);
    store.events.lost([a.instance], leaseLost);
    await clock.advance(3_600_000);
    expect(store.write.callCount).to.be.greaterThan(8000);
    expect(a.state).to.equal('recovering');
    expect(logger.warn.callCount).to.equal(1);
    store.write.resolves(['stored']);
    await clock.advance(400);
    expect(a.state).to.equal('active');
  });

  it('tries for ever even when permission is taken away for a while', async () => {
    store.write.rejects(refused);
    store.events.lost([a.instance], leaseLost);
    await clock.advance(10_000);
    expect(a.state).to.equal('recovering');
    store.write.resolves(['stored']);
    await clock.advance(400);
    expect(a.state).to.equal('active');
  });

  it('writes again what is lost while it is being written', async () => {
    const states = statesOf(a);
    const held = store.holdWrite();
    store.events.lost([a.instance], leaseLost);
    const { answer } = await held;
    store.events.lost([a.instance], leaseLost);
    answer.resolve(['stored']);
    await settle();
    expect(store.written).to.deep.equal([['renew a'], ['renew a']]);
    expect(states).to.deep.equal(['recovering', 'active']);
  });

  it('does not believe in a record that is still being written (confirmed comes early)', async () => {
    const held = store.holdWrite();
    store.events.lost([a.instance], leaseLost);
    const { answer } = await held;
    store.events.confirmed([a.instance]);
    expect(a.state).to.equal('recovering');
    answer.resolve(['stored']);
    await settle();
    expect(a.state).to.equal('active');
  });

  it('is in doubt while the backend is silent, and back without a write when it confirms', async () => {
    const states = statesOf(a);
    store.events.doubtful([a.instance, b.instance], outage);
    store.events.doubtful([a.instance, b.instance], outage);
    expect(a.detail.reason).to.equal(outage);
    store.events.confirmed([a.instance, b.instance]);
    await settle();
    expect(states).to.deep.equal(['recovering', 'active']);
    expect([b.state, store.write.callCount]).to.deep.equal(['active', 0]);
  });

  it('stores the update that was asked for during the recovery, once', async () => {
    store.write.onCall(0).rejects(outage);
    store.events.lost([a.instance], leaseLost);
    await settle();
    const updating = a.update({ weight: 9 });
    await clock.advance(100);
    await updating;
    expect(store.written).to.deep.equal([['renew a'], ['renew a']]);
    expect(store.write.lastCall.args[0][0]!.instance.weight).to.equal(9);
    expect([a.instance.weight, a.state]).to.deep.equal([9, 'active']);
  });

  it('forgets a lost record that is deregistered meanwhile', async () => {
    store.write.rejects(outage);
    store.events.lost([a.instance], leaseLost);
    await settle();
    await Promise.all([a.deregister(), clock.advance(100)]);
    const writes = store.write.callCount;
    await clock.advance(10_000);
    expect(store.write.callCount).to.equal(writes);
    expect(a.state).to.equal('closed');
  });

  it('ignores what is said of records that it does not hold', async () => {
    const stranger = { ...a.instance, id: 'stranger' };
    store.events.lost([stranger], leaseLost);
    store.events.doubtful([stranger], outage);
    store.events.confirmed([stranger]);
    store.events.superseded(stranger);
    await settle();
    expect([a.state, store.write.callCount]).to.deep.equal(['active', 0]);
  });

  it('keeps the loop going when a listener throws (law 12)', async () => {
    a.subscribe(() => {
      throw new Error('mine');
    });
    store.events.lost([a.instance, b.instance], leaseLost);
    await settle();
    expect([a.state, b.state]).to.deep.equal(['active', 'active']);
  });

  describe('to a newer owner (law 8)', () => {
    it('stops for good when the store sees another record in its place', async () => {
      const states = statesOf(a);
      store.events.superseded(a.instance);
      store.events.superseded(a.instance);
      expect(states).to.deep.equal(['superseded']);
      expect(a.detail.reason?.code).to.equal('SUPERSEDED');
      await expectRejection(a.update({ weight: 1 }), 'SUPERSEDED');
      await a.deregister();
      store.events.lost([a.instance], leaseLost);
      await settle();
      expect([store.removed, store.write.callCount, a.state]).to.deep.equal([[], 0, 'superseded']);
    });

    it('stops when it finds so while writing again, and fails the update that waits', async () => {
      store.write.resolves(['superseded']);
      await expectRejection(a.update({ weight: 1 }), 'SUPERSEDED');
      expect([a.state, a.instance.weight]).to.deep.equal(['superseded', 100]);
      await clock.advance(10_000);
      expect(store.write.callCount).to.equal(1);
    });

    it('lets this registry claim the id back', async () => {
      store.events.superseded(a.instance);
      const again = await registry.register(init('a'));
      expect([again.state, store.written]).to.deep.equal(['active', [['claim a']]]);
      expect(a.state).to.equal('superseded');
    });
  });

  it('fails an update that is superseded in flight with that, not with time out', async () => {
    const held = store.holdWrite();
    const failure = expectRejection(a.update({ weight: 1 }), 'SUPERSEDED');
    const { answer } = await held;
    store.events.superseded(a.instance);
    await failure;
    answer.resolve(['stored']);
    await settle();
    expect(a.state).to.equal('superseded');
  });

  it('stays one of ours: its errors carry codes', () => {
    expect(leaseLost).to.be.instanceOf(RollcallError);
  });
});
