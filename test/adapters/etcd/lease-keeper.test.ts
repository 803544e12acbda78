import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { LeaseKeeper } from '../../../src/adapters/etcd/lease-keeper.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { fakeSession, type FakeTransport, firstWait, header } from './fake-transport.js';

const never = new AbortController().signal;

describe('the lease keeper', () => {
  let clock: sinon.SinonFakeTimers;
  let opened: FakeTransport[];
  let session: EtcdSession;
  let keeper: LeaseKeeper;
  let prepare: (transport: FakeTransport) => void;
  let events: { lost: sinon.SinonSpy; doubtful: sinon.SinonSpy; confirmed: sinon.SinonSpy };

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    opened = [];
    prepare = () => undefined;
    session = fakeSession(['h1:1', 'h2:1'], opened, (transport) => prepare(transport));
    events = { lost: sinon.spy(), doubtful: sinon.spy(), confirmed: sinon.spy() };
    keeper = new LeaseKeeper(6, events, { session, clock: systemClock, logger: silentLogger });
  });

  afterEach(async () => {
    const closing = Promise.all([keeper.close(1_000), session.close()]);
    await clock.runAllAsync();
    await closing;
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  const present = (): FakeTransport => opened.at(-1)!;
  const pings = (transport = present()): number => transport.keepAlives.reduce((sum, stream) => sum + stream.written.length, 0);
  const answer = (ttl = '6'): void => present().keepAlives.at(-1)!.answer({ header: header('1'), ID: keeper.id!, TTL: ttl });

  async function granted(): Promise<string> {
    return (await keeper.ensure(await session.ready(never), never)).id;
  }

  it('grants one lease, with an id of its own choosing, however often it is asked', async () => {
    const transport = await session.ready(never);
    const ids = (await Promise.all([keeper.ensure(transport, never), keeper.ensure(transport, never)])).map(({ id }) => id);
    expect(new Set(ids)).to.have.property('size', 1);
    expect(present().leaseGrant.callCount).to.equal(1);
    expect(BigInt(ids[0]!) > 0n && BigInt(ids[0]!) < 2n ** 63n).to.equal(true);
  });

  it('uses the same id when it tries a grant again, so that no orphan is left', async () => {
    const transport = await session.ready(never);
    present().leaseGrant.onFirstCall().rejects(new EtcdError('TIMEOUT', 'connection', 'no answer'));
    await keeper.ensure(transport, never).catch(() => undefined);
    present().leaseGrant.onSecondCall().rejects(new EtcdError('INTERNAL', 'lease-exists', 'lease already exists'));
    const { id } = await keeper.ensure(transport, never);
    expect(present().leaseGrant.args.map(([each]) => each)).to.deep.equal([id, id]);
  });

  it('pings at once and then every third of the TTL that was granted', async () => {
    const transport = await session.ready(never);
    present().leaseGrant.callsFake((id) => Promise.resolve({ header: header('1'), ID: id, TTL: '9', error: '' }));
    await keeper.ensure(transport, never);
    expect(pings()).to.equal(1);
    answer('9');
    await clock.tickAsync(2_999);
    expect(pings()).to.equal(1);
    await clock.tickAsync(1);
    expect(pings()).to.equal(2);
  });

  it('goes to another member when a ping is not answered within a sixth of the TTL', async () => {
    await granted();
    await clock.tickAsync(999);
    expect(opened.length).to.equal(1);
    await clock.tickAsync(1 + firstWait);
    expect(present().endpoint).to.equal('h2:1');
    expect(pings()).to.equal(1);
    expect(events.lost.callCount).to.equal(0);
  });

  it('takes a stream that ends for a failure', async () => {
    await granted();
    present().keepAlives[0]!.fail(new EtcdError('UNAVAILABLE', 'connection', 'ended'));
    await clock.tickAsync(firstWait);
    expect(present().endpoint).to.equal('h2:1');
  });

  it('says once that the lease is lost when etcd answers with a TTL of 0, and grants another when asked', async () => {
    const first = await granted();
    answer('0');
    answer('0');
    expect(events.lost.callCount).to.equal(1);
    const second = await granted();
    expect(second).to.not.equal(first);
    expect(keeper.ownIds).to.deep.equal([second, first]);
  });

  it('is doubtful after a whole TTL without an answer, and confirmed by the next one', async () => {
    await granted();
    answer();
    await clock.tickAsync(6_000);
    expect(events.doubtful.callCount).to.equal(1);
    answer();
    expect(events.confirmed.callCount).to.equal(1);
    expect(events.lost.callCount).to.equal(0);
  });

  it('revokes the lease on closing and stops pinging', async () => {
    const id = await granted();
    await keeper.close(1_000);
    expect(present().leaseRevoke.firstCall.args[0]).to.equal(id);
    const before = pings();
    await clock.tickAsync(60_000);
    expect(pings()).to.equal(before);
  });

  it('closes even if the lease cannot be revoked', async () => {
    await granted();
    prepare = (transport) => transport.leaseRevoke.rejects(new EtcdError('UNAVAILABLE', 'connection', 'gone'));
    prepare(present());
    const closing = keeper.close(1_000);
    await clock.tickAsync(1_000);
    await closing;
  });

  it('revokes on another member if closing finds the connection just lost', async () => {
    const id = await granted();
    session.report(await session.ready(never), new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    const closing = keeper.close(1_000);
    await clock.tickAsync(1_000);
    await closing;
    expect(present().endpoint).to.equal('h2:1');
    expect(present().leaseRevoke.firstCall.args[0]).to.equal(id);
  });

  it('revokes on closing what a grant that was never answered may have granted', async () => {
    const transport = await session.ready(never);
    present().leaseGrant.rejects(new EtcdError('TIMEOUT', 'connection', 'no answer'));
    await keeper.ensure(transport, never).catch(() => undefined);
    await keeper.close(1_000);
    expect(present().leaseRevoke.firstCall.args[0]).to.equal(present().leaseGrant.firstCall.args[0]);
  });

  it('gives the lease back on request, and grants another when asked', async () => {
    const first = await granted();
    await keeper.release(never);
    expect(present().leaseRevoke.firstCall.args[0]).to.equal(first);
    // The session's own, for when it falls idle.
    expect(clock.countTimers()).to.equal(1);
    expect(await granted()).to.not.equal(first);
    expect(events.lost.callCount).to.equal(0);
  });

  it('keeps the lease alive while giving it back fails', async () => {
    const id = await granted();
    prepare = (transport) => transport.leaseRevoke.rejects(new EtcdError('UNAVAILABLE', 'connection', 'gone'));
    prepare(present());
    const released = keeper.release(never).catch((error: unknown) => error);
    await clock.tickAsync(6_000);
    expect(await released).to.be.instanceOf(Error);
    expect(keeper.id).to.equal(id);
    expect(pings()).to.be.above(0);
  });

  it('pings at once when it is late, and counts the time until the next ping from the last one', async () => {
    await granted();
    // The answer takes its time; the next ping is due two seconds after the first all the same.
    await clock.tickAsync(700);
    answer();
    await clock.tickAsync(1_299);
    expect(pings()).to.equal(1);
    await clock.tickAsync(1);
    expect(pings()).to.equal(2);
    expect(session.connection.counters).to.deep.include({ keepalives: 1, keepaliveMs: { last: 700, max: 700, mean: 700 } });
  });

  it('retires a lease of another history, even one that lives, and revokes it once the records stand under a new one', async () => {
    const first = await granted();
    session.observe(present(), { ...header('1'), cluster_id: '2' });
    expect(events.lost.callCount).to.equal(1);
    expect((events.lost.firstCall.args[0] as Error).message).to.match(/another history/);
    expect(keeper.id).to.equal(undefined);
    const second = await granted();
    expect(second).to.not.equal(first);
    expect(keeper.ownIds).to.include.members([first, second]);
    expect(present().leaseRevoke.callCount).to.equal(0);
    await keeper.revokeRetired(present(), never);
    expect(present().leaseRevoke.args.map(([id]) => id)).to.deep.equal([first]);
    await keeper.revokeRetired(present(), never);
    expect(present().leaseRevoke.callCount).to.equal(1);
  });

  it('tries again to revoke a retired lease, and takes one that is gone for revoked', async () => {
    const first = await granted();
    session.observe(present(), { ...header('1'), cluster_id: '2' });
    await granted();
    present().leaseRevoke.onFirstCall().rejects(new EtcdError('TIMEOUT', 'connection', 'no answer'));
    await keeper.revokeRetired(present(), never);
    present().leaseRevoke.onSecondCall().rejects(new EtcdError('UNAVAILABLE', 'lease-not-found', 'gone'));
    await keeper.revokeRetired(present(), never);
    await keeper.revokeRetired(present(), never);
    expect(present().leaseRevoke.args.map(([id]) => id)).to.deep.equal([first, first]);
  });
});
