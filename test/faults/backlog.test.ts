import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { Backend, ServiceInstance, Snapshot } from '../../src/core/index.js';
import { poll } from '../support/poll.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { type Seen, WatchRecording } from '../support/recording.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

/** One revision of the service: what the id carries from then on, `undefined` once it is deleted. */
interface Change {
  readonly revision: bigint;
  readonly id: string;
  readonly version: string | undefined;
}

/** Changes the service past everything of ours, and remembers in which order etcd took the changes. */
class Writer {
  readonly changes: Change[] = [];
  readonly #raw: RawEtcd;
  readonly #prefix: string;
  #written = 0;

  constructor(raw: RawEtcd, prefix: string) {
    this.#raw = raw;
    this.#prefix = prefix;
  }

  /** So many changes, each a revision of its own: puts, and one deletion in thirty, over 1,500 ids (two pages of a list). */
  async change(count: number): Promise<void> {
    const end = this.#written + count;
    const work = async (): Promise<void> => {
      while (this.#written < end) {
        const n = ++this.#written;
        await (n % 30 === 0 && n > 1_500 ? this.delete(`i${n % 1_500}`) : this.put(`i${n % 1_500}`, String(n)));
      }
    };
    await Promise.all(Array.from({ length: 128 }, work));
  }

  async put(id: string, version: string, blob = ''): Promise<void> {
    const value = JSON.stringify({ address: '10.0.0.1:80', version, metadata: { blob } });
    const { header } = await this.#raw.client.kv.put({ key: Buffer.from(`${this.#prefix}/s/${id}`), value: Buffer.from(value) });
    this.changes.push({ revision: BigInt(header.revision), id, version });
  }

  async delete(id: string): Promise<void> {
    const { header, deleted } = await this.#raw.client.kv.deleteRange({ key: Buffer.from(`${this.#prefix}/s/${id}`) });
    if (deleted !== '0') this.changes.push({ revision: BigInt(header.revision), id, version: undefined });
  }

  /** The newest revision that it wrote. */
  get revision(): bigint {
    return this.changes.reduce((newest, { revision }) => (revision > newest ? revision : newest), 0n);
  }
}

/**
 * Holds everything that was delivered against the order in which etcd took the changes: each snapshot is the service as
 * it was at the snapshot's revision, and the sum of all diffs so far. A lost event would leave a snapshot behind that,
 * one that came twice would bring back what is gone, or add what is there.
 */
function checkAgainst(changes: readonly Change[], seen: readonly Seen[]): void {
  const inOrder = [...changes].sort((a, b) => (a.revision < b.revision ? -1 : 1));
  const truth = new Map<string, string>();
  const sum = new Map<string, ServiceInstance>();
  let next = 0;
  let revision = 0n;
  for (const { snapshot } of seen) {
    expect(BigInt(snapshot.revision) >= revision, 'revisions never go back').to.equal(true);
    revision = BigInt(snapshot.revision);
    for (; inOrder[next] !== undefined && inOrder[next]!.revision <= revision; next++) {
      const { id, version } = inOrder[next]!;
      if (version === undefined) truth.delete(id);
      else truth.set(id, version);
    }
    for (const { id } of snapshot.removed) expect(sum.delete(id), `${id} was removed and had been there`).to.equal(true);
    for (const instance of snapshot.added) {
      expect(sum.has(instance.id), `${instance.id} was added twice`).to.equal(false);
      sum.set(instance.id, instance);
    }
    for (const instance of snapshot.changed) {
      expect(sum.has(instance.id), `${instance.id} changed and had been there`).to.equal(true);
      sum.set(instance.id, instance);
    }
    // Not by chai: a few thousand snapshots of a thousand instances each.
    const isSum = sum.size === snapshot.instances.length && snapshot.instances.every((instance) => sum.get(instance.id) === instance);
    expect(isSum, `the sum of the diffs up to revision ${revision}`).to.equal(true);
    const isTruth = truth.size === sum.size && snapshot.instances.every(({ id, version }) => truth.get(id) === version);
    expect(isTruth, `what etcd had at revision ${revision}`).to.equal(true);
  }
}

describe('a backlog of events', function () {
  this.timeout(30_000);
  let prefix: string;
  let raw: RawEtcd;
  let proxy: Proxy;
  let backend: Backend;
  let writer: Writer;
  let recording: WatchRecording;

  beforeEach(async () => {
    const etcd = await sharedEtcd();
    prefix = ownPrefix();
    raw = openRawEtcd(etcd);
    proxy = await startProxy(etcd.endpoints[0]!);
    writer = new Writer(raw, prefix);
    // Patient with one request, because a list is held up here for as long as it takes to write 3,000 revisions.
    backend = await connectEtcd({ endpoints: [proxy.address], prefix, attemptTimeout: 20 });
    recording = new WatchRecording(backend.discovery.watch('s'));
  });

  afterEach(async () => {
    recording[Symbol.dispose]();
    await backend.close();
    await proxy.close();
    await raw.deletePrefix(`${prefix}/`);
    raw.close();
  });

  const caughtUp = (snapshot: Snapshot): boolean => snapshot.status === 'live' && BigInt(snapshot.revision) >= writer.revision;

  /**
   * Has the list read again and stops it in the middle of its first page. Whatever is written until `restore` is a backlog
   * that the watch has to ask for: etcd replays it in batches of 1,000 revisions.
   */
  async function stopInsideList(bytes: number): Promise<void> {
    const stopped = proxy.blackholeAfter(bytes);
    proxy.cutOnce();
    await stopped;
  }

  it('of 3,000 revisions, cut in the middle again and again: not one event is lost, none comes twice', async () => {
    await writer.change(1_500);
    await recording.until('the service', caughtUp);
    // The rest of the list takes about 90 kB and each batch of the backlog as much: a cut in the first, second and third.
    for (const [bytes, delivered] of [
      [130_000, 0n],
      [225_000, 1_000n],
      [320_000, 2_000n],
    ] as const) {
      const [from, before] = [recording.seen.length, writer.revision];
      await stopInsideList(50_000);
      await writer.change(3_000);
      proxy.restore();
      await proxy.cutAfter(bytes);
      await writer.change(100);
      proxy.restore();
      await recording.until('the newest revision', caughtUp);
      const cut = recording.seen.slice(from).findLast(({ snapshot }) => snapshot.status === 'stale');
      expect(BigInt(cut!.snapshot.revision) - before, 'revisions delivered before the cut').to.equal(delivered);
    }
    checkAgainst(writer.changes, recording.seen);
    expect(recording.last!.instances.map(({ id }) => `${prefix}/s/${id}`)).to.deep.equal((await raw.list(`${prefix}/s/`)).map(({ key }) => key));
  });

  it('of 5 MB, in one answer of etcd’s, cut in the middle and then let through', async () => {
    await writer.change(1_500);
    await recording.until('the service', caughtUp);
    for (const bytes of [2_600_000, undefined]) {
      await stopInsideList(50_000);
      await Promise.all(Array.from({ length: 80 }, (_, n) => writer.put(`large-${n}`, String(bytes), 'x'.repeat(62_000))));
      proxy.restore();
      if (bytes !== undefined) await proxy.cutAfter(bytes);
      proxy.restore();
      const { snapshot } = await recording.until('the newest revision', caughtUp);
      expect(snapshot.instances.filter(({ id, version }) => id.startsWith('large-') && version === String(bytes))).to.have.length(80);
    }
    checkAgainst(writer.changes, recording.seen);
  });

  describe('and its history compacted', () => {
    it('while the connection was cut: dead instances are gone and new ones there within 1 s of its return', async () => {
      await Promise.all(['dead', 'stays', 'changes'].map((id) => writer.put(id, '1')));
      const before = await recording.until('three', ({ instances }) => instances.length === 3);
      proxy.cut();
      await Promise.all([writer.delete('dead'), writer.put('new', '1'), writer.put('changes', '2')]);
      await raw.compact();
      // Long enough that the waits between two attempts have grown as far as they do.
      const accepted = proxy.accepted;
      await poll('several attempts', () => proxy.accepted >= accepted + 6);
      const back = performance.now();
      proxy.restore();
      const after = await recording.until('the new state', caughtUp);
      expect(after.at - back).to.be.below(1_000);
      expect(after.snapshot.instances.map(({ id }) => id)).to.deep.equal(['changes', 'new', 'stays']);
      expect(after.snapshot.instances[2]).to.equal(before.snapshot.instances.find(({ id }) => id === 'stays'));
      checkAgainst(writer.changes, recording.seen);
    });

    it('while it was read live: nobody notices', async () => {
      await writer.put('a', '1');
      await recording.until('one', ({ instances }) => instances.length === 1);
      await raw.compact();
      await writer.put('b', '1');
      await recording.until('two', ({ instances }) => instances.length === 2);
      expect(recording.seen.map(({ snapshot }) => snapshot.status)).to.not.include('stale');
      checkAgainst(writer.changes, recording.seen);
    });

    for (const [when, ids] of [
      ['between the list and the watch', 300],
      ['between two pages of the list', 1_500],
    ] as const) {
      it(`${when}: the list is read again`, async () => {
        await writer.change(ids);
        await recording.until('the service', caughtUp);
        await stopInsideList(10_000);
        await writer.put('new', '1');
        await writer.delete('i1');
        await raw.compact();
        proxy.restore();
        const { snapshot } = await recording.until('the new state', caughtUp);
        expect(snapshot.instances).to.have.length(ids);
        // With one page the list was good, and live, until the watch was refused; with two it failed halfway.
        if (ids <= 1_000) expect(recording.seen.at(-2)!.snapshot.reason!.message).to.match(/compact/);
        checkAgainst(writer.changes, recording.seen);
      });
    }
  });
});
