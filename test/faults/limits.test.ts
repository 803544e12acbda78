import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { expectRejection } from '../support/expect-rejection.js';
import { KeySampler } from '../support/key-sampler.js';
import { poll } from '../support/poll.js';
import { Program } from '../support/program.js';
import { etcdctl, openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';

/** How many calls of a method etcd has refused since it was started, by its own count. */
async function refusals({ members: [member] }: Etcd, method: string): Promise<number> {
  const label = `grpc_method="${method}"`;
  const [all, taken] = await Promise.all([member!.metric('grpc_server_handled_total', label), member!.metric('grpc_server_handled_total', label, 'grpc_code="OK"')]);
  return all - taken;
}

/** At most so many attempts may lie in that time: waits between two grow to 0.6 s, and a random half of that is certain. */
const attemptsWithin = (ms: number): number => 6 + ms / 300;

describe('when etcd has no space left', function () {
  this.timeout(40_000);
  let etcd: Etcd;
  let raw: RawEtcd;

  beforeEach(async () => {
    // Filling it and making space again keep etcd waiting for its disk; on a busy one for longer than silence is borne.
    etcd = await startEtcd({ args: ['--quota-backend-bytes=8388608'], sparesDisk: true });
    raw = openRawEtcd(etcd);
  });

  afterEach(async () => {
    raw.close();
    await etcd.stop();
  });

  /** Until etcd raises the alarm NOSPACE, after which it takes nothing but removals. The first refusals come without it. */
  async function fill(): Promise<void> {
    for (let n = 0; !(await etcdctl(etcd, ['alarm', 'list'])).includes('NOSPACE'); n++) {
      await raw.put(`/filler/${n}`, Buffer.alloc(1_000_000, n)).catch((error: unknown) => {
        expect(String(error)).to.include('space exceeded');
      });
    }
  }

  /** As etcd's manual has it for an operator. */
  async function makeSpace(): Promise<void> {
    await raw.deletePrefix('/filler/');
    await raw.compact();
    await etcdctl(etcd, ['defrag']);
    await etcdctl(etcd, ['alarm', 'disarm']);
  }

  it('a registration waits and goes through once there is some, an update as well; leases live on, and readers read', async () => {
    // Two seconds, so that several lifetimes of the lease pass while there is no space.
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 2, requestTimeout: 30 });
    const early = await backend.registry.register({ service: 's', id: 'early', address: '10.0.0.1:1' });
    const states = new StateRecording(early);
    const recording = new WatchRecording(backend.discovery.watch('s'));
    await raw.put('/rollcall/s/leaves', JSON.stringify({ address: '10.0.0.2:1' }));
    await recording.until('two', ({ instances }) => instances.length === 2);
    await fill();

    const filledAt = performance.now();
    const refusedBefore = await refusals(etcd, 'LeaseGrant');
    const sampler = new KeySampler(raw, '/rollcall/s/');
    // With a TTL of its own, and so a lease of its own: that is what etcd refuses above all.
    let registered = false;
    const late = backend.registry.register({ service: 's', id: 'late', address: '10.0.0.1:2' }, { ttl: 60 }).then(() => {
      registered = true;
    });
    // etcd (3.4, 3.5) lets a conditional write pass, as it counts only the puts of a transaction that stand outermost.
    const update = early.update({ weight: 7 });
    // Another, with less patience, is told what is wrong.
    const hasty = await connectEtcd({ endpoints: etcd.endpoints, requestTimeout: 1 });
    const error = await expectRejection(hasty.registry.register({ service: 's', id: 'hasty', address: '10.0.0.1:3' }), 'RESOURCE_EXHAUSTED', /database space exceeded/);
    expect(error.retryable).to.equal(true);
    expect(hasty.registry.status.lastError).to.have.property('code', 'RESOURCE_EXHAUSTED');
    await hasty.close();
    // Removals go through, so readers have something to see.
    await raw.delete('/rollcall/s/leaves');
    await recording.until('the removal', ({ instances }) => instances.length === 1);
    expect((await backend.discovery.get('s')).instances).to.have.length(1);
    await poll('three lifetimes of the lease', () => performance.now() - filledAt > 6_000);
    expect(backend.registry.status.lastError).to.include({ code: 'RESOURCE_EXHAUSTED' });
    expect(registered).to.equal(false);
    const refused = (await refusals(etcd, 'LeaseGrant')) - refusedBefore;
    expect(refused).to.be.within(6, 2 * attemptsWithin(performance.now() - filledAt));

    await makeSpace();
    const spaceAt = performance.now();
    await Promise.all([late, update]);
    expect(performance.now() - spaceAt).to.be.below(2_000);
    await recording.until('both', ({ instances }) => instances.length === 2 && instances[0]!.weight === 7);
    await sampler.stop();
    expect(sampler.samples).to.have.length.above(20);
    expect(sampler.missing('/rollcall/s/early')).to.equal(0);
    expect(states.seen).to.deep.equal([]);
    expect(recording.seen.map(({ snapshot }) => snapshot.status)).to.not.include('stale');
    expect(recording.removed).to.deep.equal(['leaves']);
    states[Symbol.dispose]();
    recording[Symbol.dispose]();
    await backend.close();
  });
});

describe('when a record is larger than etcd takes', function () {
  this.timeout(20_000);

  it('it is refused at once and not tried again; what is small enough goes through, also where it is too large together', async () => {
    const etcd = await startEtcd({ args: ['--max-request-bytes=20000'] });
    const raw = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints, requestTimeout: 10 });
    const blob = (bytes: number): { readonly blob: string } => ({ blob: 'x'.repeat(bytes) });
    const valuesBy = async (prefix: string): Promise<string[]> => (await raw.list(prefix)).map(({ value }) => value.toString());
    const small = await backend.registry.register({ service: 's', id: 'small', address: '10.0.0.1:1', metadata: blob(1_000) });

    const startedAt = performance.now();
    const [refused, beside] = await Promise.allSettled([
      backend.registry.register({ service: 's', id: 'large', address: '10.0.0.1:2', metadata: blob(40_000) }),
      backend.registry.register({ service: 's', id: 'beside', address: '10.0.0.1:3' }),
    ]);
    expect(refused).to.have.nested.include({ status: 'rejected', 'reason.code': 'RECORD_TOO_LARGE', 'reason.retryable': false });
    expect(beside.status).to.equal('fulfilled');
    const before = await valuesBy('/rollcall/s/');
    await expectRejection(small.update({ metadata: blob(40_000) }), 'RECORD_TOO_LARGE', /too large/);
    expect(performance.now() - startedAt).to.be.below(1_000);
    expect(await valuesBy('/rollcall/s/')).to.deep.equal(before);
    expect(small.state).to.equal('active');
    expect(small.instance.metadata).to.deep.equal(blob(1_000));
    // Two together, the large one alone, and the update.
    expect(await refusals(etcd, 'Txn')).to.equal(3);

    const many = await Promise.all(Array.from({ length: 60 }, (_, n) => backend.registry.register({ service: 'many', address: `10.0.0.2:${n + 1}`, metadata: blob(1_000) })));
    expect(await valuesBy('/rollcall/many/')).to.have.length(60);
    // The 60 together; of the large ones nothing was heard again.
    expect(await refusals(etcd, 'Txn')).to.equal(4);

    const back = [small, ...many].map(async (registration) => {
      using states = new StateRecording(registration);
      await states.until('recovering');
      await states.until('active');
    });
    const [{ lease } = { lease: '0' }] = await raw.list('/rollcall/many/');
    await raw.revoke(lease);
    await Promise.all(back);
    expect(await valuesBy('/rollcall/many/')).to.have.length(60);
    await poll('the others under the same lease', async () => (await valuesBy('/rollcall/s/')).join() === before.join());

    await backend.close();
    raw.close();
    await etcd.stop();
  });
});

describe('a record that etcd has taken once', () => {
  it('is taken again after its lease was lost, however close it is to the limit', async function () {
    this.timeout(20_000);
    const etcd = await startEtcd({ args: ['--max-request-bytes=20000'] });
    const raw = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 60 });
    const registration = await backend.registry.register({ service: 's', address: '10.0.0.1:1', metadata: { blob: 'x'.repeat(19_000) } });
    // Twice: by the second loss there is a former lease, which the condition of the write names as well.
    for (let time = 1; time <= 2; time++) {
      using states = new StateRecording(registration);
      const [{ lease } = { lease: '0' }] = await raw.list('/rollcall/s/');
      await raw.revoke(lease);
      await states.until('recovering');
      await states.until('active');
      expect(await raw.list('/rollcall/s/')).to.have.length(1);
    }
    await backend.close();
    raw.close();
    await etcd.stop();
  });
});

describe('when etcd has too many requests to take another', function () {
  this.timeout(60_000);

  it('a registration is tried again, with growing waits, until it is taken; leases live on', async () => {
    const etcd = await startEtcd();
    const raw = openRawEtcd(etcd);
    // Ten seconds: as long as it is that far behind, etcd answers nobody's keepalives either.
    const owner = await connectEtcd({ endpoints: etcd.endpoints, ttl: 10 });
    const registration = await owner.registry.register({ service: 's', id: 'early', address: '10.0.0.1:1' });
    const states = new StateRecording(registration);
    const record = await raw.get('/rollcall/s/early');
    const newcomer = await connectEtcd({ endpoints: etcd.endpoints, requestTimeout: 30 });
    await using flood = new Program('test/faults/programs/flood.ts', [etcd.endpoints[0]!, '2']);

    await flood.waitForReport<{ readonly event: string }>(({ event }) => event === 'refusing');
    const [startedAt, refusedBefore] = [performance.now(), await refusals(etcd, 'LeaseGrant')];
    await newcomer.registry.register({ service: 's', id: 'late', address: '10.0.0.1:2' });
    expect(newcomer.registry.status.lastError).to.have.property('code', 'RESOURCE_EXHAUSTED');
    expect(newcomer.registry.status.lastError!.message).to.match(/too many requests/);
    expect((await refusals(etcd, 'LeaseGrant')) - refusedBefore).to.be.within(1, attemptsWithin(performance.now() - startedAt));
    expect(await flood.exited).to.equal(0);

    // etcd numbers every change: nothing happened to the record that was there.
    expect(await raw.get('/rollcall/s/early')).to.deep.equal(record);
    expect(await raw.list('/rollcall/s/')).to.have.length(2);
    expect(states.seen).to.deep.equal([]);
    expect(owner.registry.status.counters.lostLeases).to.equal(0);
    states[Symbol.dispose]();
    await Promise.all([owner.close(), newcomer.close()]);
    raw.close();
    await etcd.stop();
  });
});
