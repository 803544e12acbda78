import { expect } from 'chai';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { etcdOptions } from '../../../src/adapters/etcd/options.js';
import { EtcdSession } from '../../../src/adapters/etcd/session.js';
import { timingsOf } from '../../../src/adapters/etcd/timings.js';
import type { EtcdTransport } from '../../../src/adapters/etcd/transport.js';
import { silentLogger } from '../../../src/core/logger.js';
import { parseOptions } from '../../../src/core/options.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/seeded-random.js';

const clients = 1_000;
const endpoints = ['h1:1', 'h2:1', 'h3:1'];

interface Outcome {
  /** When each client was served again, in milliseconds after etcd was back. */
  readonly back: readonly number[];
  /** Attempts of all clients while it was away, in milliseconds after it went. */
  readonly attempts: readonly number[];
}

/** A member that is there or not. Plain, and no sinon double: a hundred thousand of those would take minutes. */
function member(endpoint: string, up: boolean): EtcdTransport {
  const unused = (): never => {
    throw new Error('the session itself has no use for this');
  };
  return {
    endpoint,
    authenticate: () => Promise.resolve(),
    range: () =>
      up
        ? Promise.resolve({ header: { cluster_id: '1', member_id: '1', revision: '1', raft_term: '1' }, kvs: [], more: false, count: '0' })
        : Promise.reject(new EtcdError('UNAVAILABLE', 'connection', 'refused')),
    close: () => undefined,
    put: unused,
    txn: unused,
    leaseGrant: unused,
    leaseRevoke: unused,
    leaseKeys: unused,
    watch: unused,
    keepAlive: unused,
  };
}

/** A thousand real sessions on one clock, all of which lose etcd in the same instant and get it back some time later. */
async function outage(ms: number, options: Readonly<Record<string, unknown>> = {}): Promise<Outcome> {
  const clock = new FakeClock();
  const timings = timingsOf(parseOptions(etcdOptions, options, 'the simulation'));
  const back: number[] = [];
  const attempts: number[] = [];
  let up = true;
  let note: () => void = () => undefined;
  const openTransport = (endpoint: string): EtcdTransport => {
    note();
    return member(endpoint, up);
  };
  const deps = { clock, random: seededRandom(7), logger: silentLogger };
  const sessions = Array.from({ length: clients }, () => new EtcdSession({ endpoints, roots: ['/p/'], requestTimeoutMs: 5_000, timings, openTransport }, deps));
  await Promise.all(sessions.map((session) => session.ready(new AbortController().signal)));
  await clock.advance(10_000);

  const lostAt = clock.monotonic();
  up = ms === 0;
  note = () => attempts.push(clock.monotonic() - lostAt);
  const backAt = lostAt + ms;
  const served = (): unknown => back.push(clock.monotonic() - backAt);
  if (up) note = served;
  for (const session of sessions) session.report(session.transport!, new EtcdError('UNAVAILABLE', 'connection', 'reset'));
  await clock.advance(ms);
  up = true;
  note = served;
  await clock.advance(30_000);
  await Promise.all(sessions.map((session) => session.close()));
  expect(clock.pending, 'timers left').to.equal(0);
  return { back, attempts };
}

/** The largest share of the clients that falls into any stretch of that length. */
function largestShare(times: readonly number[], stretchMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while (sorted[to]! - sorted[from]! >= stretchMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most / clients;
}

// The figures are stated in docs/operations.md.
describe('a thousand clients that lose etcd in the same instant', function () {
  this.timeout(120_000);

  it('come back spread over the longest wait, and all within it', async () => {
    const { back, attempts } = await outage(10_000);
    expect(back).to.have.length(clients);
    expect(Math.max(...back)).to.be.below(600);
    expect(largestShare(back, 100), 'in any tenth of a second').to.be.below(0.26);
    // Meanwhile each makes about two attempts a second, also spread.
    const steady = attempts.filter((at) => at > 5_000);
    expect(steady.length / clients / 5).to.be.within(1.9, 2.6);
    expect(largestShare(steady, 1_000), 'attempts per client in any second').to.be.below(2.7);
  });

  it('come back slower and in smaller shares where retryMax says so', async () => {
    const { back } = await outage(40_000, { retryMax: 5 });
    expect(back).to.have.length(clients);
    expect(Math.max(...back)).to.be.below(5_000);
    expect(largestShare(back, 1_000), 'in any second').to.be.below(0.33);
  });

  it('do not all come in the same instant when the connections only broke and etcd is there', async () => {
    const { back } = await outage(0);
    expect(back).to.have.length(clients);
    expect(Math.max(...back)).to.be.below(50);
    expect(largestShare(back, 5), 'in any five milliseconds').to.be.below(0.26);
  });
});
