import { expect } from 'chai';

import { ConnectionMonitor } from '../../../src/core/connection-monitor.js';
import { deferred } from '../../../src/core/deferred.js';
import type { WriteOutcome } from '../../../src/core/lease-store.js';
import { LeasedRegistry } from '../../../src/core/leased-registry.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeLeaseStore } from '../../support/fake-lease-store.js';
import { fakeLogger } from '../../support/fake-logger.js';
import { init, leaseLost, refused } from './registry-under-test.js';

describe('LeasedRegistry while the backend refuses a record', () => {
  let registry: LeasedRegistry;
  let store: FakeLeaseStore;
  let clock: FakeClock;
  let connection: ConnectionMonitor;

  beforeEach(async () => {
    store = new FakeLeaseStore();
    clock = new FakeClock();
    const logger = fakeLogger();
    connection = new ConnectionMonitor({ clock, logger });
    connection.connected('h1:1');
    registry = new LeasedRegistry(
      (events) => {
        store.events = events;
        return store;
      },
      { clock, logger, connection, random: () => 1 - Number.EPSILON, timeoutMs: 1000, backoff: { initialMs: 100, maxMs: 400 }, refusedBackoff: { initialMs: 10_000, maxMs: 30_000 } },
    );
    const a = await registry.register(init('a'));
    store.written.length = 0;
    store.write.rejects(refused);
    store.events.lost([a.instance], leaseLost);
    await settle();
  });

  afterEach(async () => {
    await registry.close();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('asks again after the longer waits, for ever', async () => {
    expect(store.write.callCount).to.equal(2);
    await clock.advance(9_000);
    expect(store.write.callCount).to.equal(2);
    await clock.advance(2_000);
    expect(store.write.callCount).to.equal(3);
    await clock.advance(120_000);
    expect(store.write.callCount).to.be.within(6, 9);
  });

  it('lets nothing new wait for it, neither in the wait nor while it is being refused', async () => {
    store.write.reset();
    store.write.callsFake((records) => (records.some(({ instance }) => instance.id === 'a') ? Promise.reject(refused) : Promise.resolve(records.map((): WriteOutcome => 'stored'))));
    expect((await registry.register(init('b'))).state).to.equal('active');
    // The next round is under way, and will be refused.
    const gate = deferred<readonly WriteOutcome[]>();
    store.write.onCall(store.write.callCount).returns(gate.promise);
    await clock.advance(30_000);
    const registering = registry.register(init('c'));
    await settle();
    gate.reject(refused);
    expect((await registering).state).to.equal('active');
  });

  it('asks at once when the connection is let in again', async () => {
    store.write.resetBehavior();
    store.write.callsFake((records) => Promise.resolve(records.map((): WriteOutcome => 'stored')));
    connection.lost(refused);
    await clock.advance(100);
    expect(registry.status.registrations).to.deep.equal({ active: 0, recovering: 1 });
    connection.connected('h1:1');
    await clock.advance(100);
    expect(registry.status.registrations).to.deep.equal({ active: 1, recovering: 0 });
  });
});
