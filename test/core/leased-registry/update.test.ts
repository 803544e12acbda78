import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { LeasedRegistry } from '../../../src/core/leased-registry.js';
import type { Registration } from '../../../src/core/ports.js';
import { countListeners } from '../../support/count-listeners.js';
import { expectRejection } from '../../support/expect-rejection.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';
import type { FakeLeaseStore } from '../../support/fake-lease-store.js';
import { init, leaseLost, outage, refused, registryUnderTest } from './registry-under-test.js';

describe('Registration.update', () => {
  let registry: LeasedRegistry;
  let store: FakeLeaseStore;
  let clock: FakeClock;
  let a: Registration;

  beforeEach(async () => {
    ({ registry, store, clock } = registryUnderTest());
    a = await registry.register(init('a', { version: '1', metadata: { lane: 'x' } }));
    store.write.resetHistory();
  });

  afterEach(async () => {
    await registry.close();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  const weightsWritten = (): number[] => store.write.args.map(([records]) => records[0]!.instance.weight);

  it('stores the change in place of the old record, and then shows it', async () => {
    const held = store.holdWrite();
    const updating = a.update({ weight: 3 });
    const { answer, records } = await held;
    expect(records.map(({ instance, mode }) => ({ instance, mode }))).to.deep.equal([{ instance: { ...a.instance, weight: 3 }, mode: 'renew' }]);
    expect(a.instance.weight).to.equal(100);
    answer.resolve(['stored']);
    await updating;
    expect(a.instance).to.deep.include({ weight: 3, version: '1', metadata: { lane: 'x' } });
    expect(a.state).to.equal('active');
  });

  it('sums up the changes of one tick', async () => {
    await Promise.all([a.update({ weight: 3 }), a.update({ version: '2' }), a.update({ weight: 4 })]);
    expect(weightsWritten()).to.deep.equal([4]);
    expect(a.instance).to.deep.include({ weight: 4, version: '2' });
  });

  it('stores a change that came during the write of another after it, and answers each in its time', async () => {
    const held = store.holdWrite();
    const first = a.update({ weight: 3 });
    const { answer } = await held;
    const heldNext = store.holdWrite();
    const order: string[] = [];
    const second = a.update({ weight: 4 }).then(() => order.push('second'));
    answer.resolve(['stored']);
    await first;
    order.push('first');
    (await heldNext).answer.resolve(['stored']);
    await second;
    expect(order).to.deep.equal(['first', 'second']);
    expect(weightsWritten()).to.deep.equal([3, 4]);
  });

  it('refuses bad input and leaves everything as it was', async () => {
    await expectRejection(a.update({ weight: 1.5 }), 'INVALID_INSTANCE');
    await expectRejection(a.update({ address: 'x:1' } as object), 'INVALID_INSTANCE');
    await expectRejection(a.update({ metadata: { big: 'x'.repeat(70_000) } }), 'RECORD_TOO_LARGE');
    store.check.throws(new RollcallError('INVALID_INSTANCE', 'this layout has no weights'));
    await expectRejection(a.update({ weight: 1 }), 'INVALID_INSTANCE', /no weights/);
    await settle();
    expect([store.write.callCount, a.instance.weight]).to.deep.equal([0, 100]);
  });

  it('takes the old value for wanted again after the backend refused the new one', async () => {
    store.write.onCall(0).rejects(refused);
    expect(await expectRejection(a.update({ weight: 3 }), 'PERMISSION_DENIED')).to.equal(refused);
    expect([a.instance.weight, a.state]).to.deep.equal([100, 'active']);
    await clock.advance(1000);
    await a.update({ version: '2' });
    expect(a.instance).to.deep.include({ weight: 100, version: '2' });
  });

  it('does not fail a change for the refusal of the one before it', async () => {
    const held = store.holdWrite();
    const bad = expectRejection(a.update({ metadata: { secret: 'no' } }), 'PERMISSION_DENIED');
    const { answer } = await held;
    const good = a.update({ metadata: { fine: 'yes' } });
    answer.reject(refused);
    await bad;
    await clock.advance(100);
    await good;
    expect(a.instance.metadata).to.deep.equal({ fine: 'yes' });
  });

  it('stays wanted after the wait for it ran out, and is stored once the backend lets it', async () => {
    store.write.rejects(outage);
    const failure = expectRejection(a.update({ weight: 3 }), 'UNAVAILABLE', /updating s a failed for 1000 ms/);
    await clock.advance(1000);
    await failure;
    expect(a.instance.weight).to.equal(100);
    store.write.resolves(['stored']);
    await clock.advance(400);
    expect(a.instance.weight).to.equal(3);
  });

  it('is aborted, leaving no listener', async () => {
    const controller = new AbortController();
    await expectRejection(a.update({ weight: 3 }, { signal: AbortSignal.abort() }), 'ABORTED');
    const held = store.holdWrite();
    const updating = a.update({ weight: 4 }, { signal: controller.signal });
    const { answer } = await held;
    controller.abort();
    await expectRejection(updating, 'ABORTED');
    expect(countListeners(controller.signal)()).to.equal(0);
    answer.resolve(['stored']);
  });

  it('is CLOSED after deregistering, and when it happens meanwhile', async () => {
    const held = store.holdWrite();
    const updating = expectRejection(a.update({ weight: 3 }), 'CLOSED');
    const { answer } = await held;
    const deregistering = a.deregister();
    await updating;
    answer.resolve(['stored']);
    await deregistering;
    await expectRejection(a.update({ weight: 3 }), 'CLOSED', /the registration is closed/);
  });

  it('returns to what was stored when it was lost and the update is refused', async () => {
    store.events.lost([a.instance], leaseLost);
    store.write.onCall(0).rejects(refused);
    await expectRejection(a.update({ weight: 3 }), 'PERMISSION_DENIED');
    expect(a.state).to.equal('recovering');
    await clock.advance(100);
    expect([a.state, weightsWritten()]).to.deep.equal(['active', [3, 100]]);
  });
});
