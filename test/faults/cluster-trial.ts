import { expect } from 'chai';

import type { Registration, Snapshot } from '../../src/core/index.js';
import type { Etcd } from '../support/etcd.js';
import { KeySampler } from '../support/key-sampler.js';
import { poll } from '../support/poll.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { WatchRecording } from '../support/recording.js';
import { ClusterClient } from './cluster-client.js';

/** Seconds a registration outlives its owner, everywhere in these tests. */
export const ttl = 5;

/** How long a change may take to be seen once the cluster has accepted it, in milliseconds. */
export const patience = 3_000;

let trials = 0;

/**
 * What every fault of a cluster is tried on: a client that only reads, one that reads and has registered an instance, and
 * a look at etcd past both of them, through members that the fault spares.
 */
export class ClusterTrial implements AsyncDisposable {
  readonly reader: ClusterClient;
  readonly owner: ClusterClient;
  readonly registration: Registration;
  /** What both see of the service. */
  readonly recordings: readonly WatchRecording[];
  readonly #etcd: Etcd;
  readonly #prefix: string;
  #raw: RawEtcd | undefined;
  #sampler: KeySampler | undefined;

  private constructor(etcd: Etcd, prefix: string, reader: ClusterClient, owner: ClusterClient, registration: Registration) {
    this.#etcd = etcd;
    this.#prefix = prefix;
    this.reader = reader;
    this.owner = owner;
    this.registration = registration;
    this.recordings = [reader, owner].map(({ backend }) => new WatchRecording(backend.discovery.watch('orders')));
  }

  static async open(etcd: Etcd): Promise<ClusterTrial> {
    const prefix = `/trial-${++trials}`;
    const [reader, owner] = await Promise.all([ClusterClient.connect(etcd, { prefix, ttl }), ClusterClient.connect(etcd, { prefix, ttl })]);
    const registration = await owner.backend.registry.register({ service: 'orders', id: 'ours', address: '10.0.0.1:8000' });
    const trial = new ClusterTrial(etcd, prefix, reader, owner, registration);
    await trial.until('our instance', ({ instances }) => instances.length === 1);
    return trial;
  }

  /** Both of them use that member. */
  async use(member: number): Promise<void> {
    await Promise.all([this.reader.use(member), this.owner.use(member)]);
  }

  /** Starts looking at etcd through these members; resolves once it has looked for a second, in which all was well. */
  async sampleThrough(members: readonly number[]): Promise<void> {
    // Short enough that one request to a member without a leader does not blind us for the whole fault.
    this.#raw = openRawEtcd(this.#etcd, { endpoints: members.map((member) => this.#etcd.endpoints[member]!), timeoutMs: 500 });
    this.#sampler = new KeySampler(this.#raw, `${this.#prefix}/`);
    await poll('a second of samples', () => this.#sampler!.samples.length >= 10);
    expect(this.#sampler.missing(this.#key('ours'))).to.equal(0);
  }

  /** Registers another instance by hand, again and again until the cluster takes it; resolves with when it did. */
  async appear(id: string): Promise<number> {
    await poll(`etcd taking ${id}`, () => this.#raw!.put(this.#key(id), '{"address":"10.0.0.2:8000"}').then(() => true), 30_000);
    return performance.now();
  }

  async disappear(id: string): Promise<number> {
    await poll(`etcd removing ${id}`, () => this.#raw!.delete(this.#key(id)).then(() => true), 30_000);
    return performance.now();
  }

  /** Fails unless both have seen that the instance is there, or gone, soon enough after the cluster accepted it. */
  async expectSeen(id: string, there: boolean, accepted: number): Promise<void> {
    const what = `${id} ${there ? 'to appear' : 'to disappear'}`;
    const seen = await this.until(what, ({ status, instances }) => status === 'live' && instances.some((instance) => instance.id === id) === there);
    for (const at of seen) expect(at - accepted, `milliseconds until ${what}`).to.be.below(patience);
  }

  /** When each of the two had such a snapshot. */
  async until(what: string, wanted: (snapshot: Snapshot) => boolean): Promise<readonly number[]> {
    return Promise.all(this.recordings.map(async (recording) => (await recording.until(what, wanted)).at));
  }

  /** Resolves once etcd has been looked at until well after a lease without pings would have run out. */
  async outliveLease(since: number): Promise<void> {
    await this.#sampledUntil(since + ttl * 1000 + 2_000);
  }

  /**
   * Fails if our registration was missing in etcd at any time until a member came back, or anybody was told so, or if it is
   * not there a second later. A member that led when it was frozen may, on waking, have the leases revoked that ran out by
   * its own clock (https://github.com/etcd-io/etcd/issues/15247): then the registration is gone for a moment, in truth.
   */
  async expectNeverGone(cameBack: number): Promise<void> {
    await this.#sampledUntil(cameBack + 1_000);
    const sampler = await this.#sampler!.stop();
    const present = ({ keys }: { readonly keys: ReadonlySet<string> }): boolean => keys.has(this.#key('ours'));
    expect(sampler.samples.length, 'samples').to.be.at.least(40);
    expect(sampler.samples.filter((sample) => sample.at < cameBack && !present(sample)), 'samples without our registration').to.have.length(0);
    expect(present(sampler.samples.at(-1)!), 'our registration in the last sample').to.equal(true);
    for (const { seen } of this.recordings) {
      expect(seen.filter(({ at, snapshot }) => at < cameBack && snapshot.removed.some(({ id }) => id === 'ours')), 'snapshots that told us gone').to.have.length(0);
    }
    await this.until('our instance, live', ({ status, instances }) => status === 'live' && instances.some(({ id }) => id === 'ours'));
    expect(this.registration.state).to.equal('active');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sampler?.stop();
    for (const recording of this.recordings) recording[Symbol.dispose]();
    await Promise.all([this.reader, this.owner].map((client) => client[Symbol.asyncDispose]()));
    this.#raw?.close();
  }

  async #sampledUntil(end: number): Promise<void> {
    await poll('samples until then', () => (this.#sampler!.samples.at(-1)?.at ?? 0) > end, 30_000);
  }

  #key(id: string): string {
    return `${this.#prefix}/orders/${id}`;
  }
}
