import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Backend, Registration } from '../../src/core/index.js';
import { poll } from '../support/poll.js';
import { Program } from '../support/program.js';
import { openRawEtcd, type RawEtcd, type RawRecord } from '../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';
import type { Report } from './programs/owner.js';

/** Seconds. Shorter than the default 5, so that three times as much is soon over; nothing else depends on it. */
const ttl = 2;

const other = JSON.stringify({ address: '10.0.0.2:1' });

/** One program for each test, all suspended at the same time; each test wakes its own. */
type Service = 'alone' | 'replaced' | 'expired';

describe('a process that was suspended for three times its TTL and goes on', function () {
  this.timeout(30_000);
  let prefix: string;
  let raw: RawEtcd;
  let programs: Readonly<Record<Service, Program>>;
  let successor: Backend;
  let taken: Readonly<Record<'replaced' | 'expired', { readonly registration: Registration; readonly record: RawRecord | undefined }>>;

  const keyOf = (service: Service): string => `${prefix}/${service}/owner`;
  const states = (program: Program): string[] => program.reports<Report>().flatMap((report) => (report.event === 'state' ? [report.state] : []));

  async function take(service: Service): Promise<{ readonly registration: Registration; readonly record: RawRecord | undefined }> {
    const registration = await successor.registry.register({ service, id: 'owner', address: '10.0.0.9:1' });
    return { registration, record: await raw.get(keyOf(service)) };
  }

  before(async () => {
    const etcd = await sharedEtcd();
    prefix = ownPrefix();
    raw = openRawEtcd(etcd);
    successor = await connectEtcd({ endpoints: etcd.endpoints, prefix, ttl });
    const start = (service: Service): Program =>
      new Program('test/faults/programs/owner.ts', [JSON.stringify({ endpoints: etcd.endpoints, prefix, ttl }), service, 'owner', '10.0.0.1:1']);
    programs = { alone: start('alone'), replaced: start('replaced'), expired: start('expired') };
    await raw.put(`${prefix}/alone/leaves`, other);
    await Promise.all(Object.values(programs).map((program) => program.waitForReport<Report>(({ event }) => event === 'registered')));
    await programs.alone.waitForReport<Report>((report) => report.event === 'snapshot' && report.ids.join() === 'leaves,owner');

    for (const program of Object.values(programs)) program.signal('SIGSTOP');
    const end = performance.now() + 3 * ttl * 1000;
    const replaced = await take('replaced');
    await poll('the records to run out', async () => (await raw.get(keyOf('alone'))) === undefined && (await raw.get(keyOf('expired'))) === undefined);
    taken = { replaced, expired: await take('expired') };
    await raw.put(`${prefix}/alone/comes`, other);
    await raw.delete(`${prefix}/alone/leaves`);
    // The fault's own length.
    await wait(end - performance.now());
  });

  after(async () => {
    for (const program of Object.values(programs)) await program[Symbol.asyncDispose]();
    await successor.close();
    await raw.deletePrefix(`${prefix}/`);
    raw.close();
  });

  it('registers again within 1 s, and sees what changed meanwhile within 3 s', async () => {
    const woken = Date.now();
    programs.alone.signal('SIGCONT');
    const { lease } = await poll('its record', () => raw.get(keyOf('alone')));
    expect(Date.now() - woken).to.be.below(1_000);
    const resynced = await programs.alone.waitForReport<Report>((report) => report.event === 'snapshot' && report.status === 'live' && report.ids.join() === 'comes,owner');
    expect(resynced.at - woken).to.be.within(0, 3_000);
    await programs.alone.waitForReport<Report>((report) => report.event === 'state' && report.state === 'active');
    expect(states(programs.alone)).to.deep.equal(['recovering', 'active']);
    expect((await raw.lease(lease)).ttl).to.be.above(0);
  });

  for (const [service, when] of [
    ['replaced', 'while its record stood'],
    ['expired', 'after its record had run out'],
  ] as const) {
    it(`is superseded by who took its id ${when}: it neither overwrites nor removes the newer record`, async () => {
      const [program, { record, registration }] = [programs[service], taken[service]];
      const woken = Date.now();
      program.signal('SIGCONT');
      const superseded = await program.waitForReport<Report>((report) => report.event === 'state' && report.state === 'superseded');
      expect(superseded.at - woken).to.be.within(0, 3_000);
      // It goes on trying to change its record, as a server that publishes its load would.
      await program.waitForReport<Report>((report) => report.event === 'update failed' && report.code === 'SUPERSEDED');
      program.signal('SIGTERM');
      expect(await program.exited).to.equal(0);
      expect(states(program).at(-1)).to.equal('superseded');
      // etcd numbers every change: with value, lease, creation and last change as they were, nothing ever happened to it in between.
      expect(record).to.have.property('key', keyOf(service));
      expect(await raw.get(keyOf(service))).to.deep.equal(record);
      expect(registration.state).to.equal('active');
    });
  }
});
