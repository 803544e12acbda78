import { expect } from 'chai';

import { CoalescingSink } from '../../src/core/coalescing-sink.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import { type RecordChange, type RecordState, ServiceFeed } from '../../src/core/service-feed.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';

const put = (id: string, weight = 100): RecordState => ({ key: `/s/${id}`, instance: createInstance({ service: 's', address: 'h:1', id, weight }) });
const del = (id: string): RecordChange => ({ key: `/s/${id}`, deleted: true });

describe('CoalescingSink', () => {
  let clock: FakeClock;
  let sink: CoalescingSink;
  let seen: Snapshot[];

  beforeEach(() => {
    clock = new FakeClock();
    const feed = new ServiceFeed('s', { clock, logger: fakeLogger() });
    seen = [];
    feed.listen((snapshot) => seen.push(snapshot));
    sink = new CoalescingSink(feed, clock);
  });

  /** Uses up what passes at once. */
  const flood = (): void => {
    sink.replace([put('a'), put('b')], '1');
    for (let n = 0; n < 10; n++) sink.apply([put('a', n)], String(n + 2));
  };
  const last = (): Snapshot => seen.at(-1)!;

  it('passes on at once what comes alone', () => {
    sink.replace([put('a')], '1');
    sink.apply([put('b')], '2');
    expect(last().instances.map(({ id }) => id)).to.deep.equal(['a', 'b']);
    expect(last().revision).to.equal('2');
  });

  it('takes a flood together: one snapshot with the last state of each record, and the diff to the one before', async () => {
    flood();
    expect(seen).to.have.length(11);
    sink.apply([put('a', 50), put('c')], '20');
    sink.apply([put('d')], '21');
    sink.apply([del('b'), del('d'), put('a', 60)], '22');
    expect(seen).to.have.length(11);
    await clock.advance(25);
    expect(seen).to.have.length(12);
    expect(last()).to.deep.include({ revision: '22', removed: [seen[0]!.instances[1]] });
    expect(last().instances.map(({ id, weight }) => [id, weight])).to.deep.equal([['a', 60], ['c', 100]]);
    expect(last().added.map(({ id }) => id)).to.deep.equal(['c']);
    expect(last().changed.map(({ weight }) => weight)).to.deep.equal([60]);
  });

  it('makes no snapshot of what changed there and back, and keeps the object', async () => {
    flood();
    const before = last();
    sink.apply([put('b', 7)], '20');
    sink.apply([put('b')], '21');
    await clock.advance(25);
    expect(last()).to.equal(before);
  });

  it('goes on at once after a moment of quiet', async () => {
    flood();
    await clock.advance(100);
    sink.apply([put('c')], '30');
    expect(last().instances).to.have.length(3);
  });

  it('shows what it holds before it says that the backend is in trouble', () => {
    flood();
    sink.apply([put('c')], '20');
    sink.stale(new RollcallError('UNAVAILABLE', 'away'));
    expect(seen.at(-2)!.instances).to.have.length(3);
    expect(last()).to.deep.include({ status: 'stale', revision: '20' });
  });

  it('drops what a complete list has overtaken', async () => {
    flood();
    sink.apply([put('c')], '20');
    sink.replace([put('a')], '21');
    await clock.advance(1_000);
    expect(last().instances.map(({ id }) => id)).to.deep.equal(['a']);
    expect(last().revision).to.equal('21');
  });

  it('delivers nothing, and leaves no timer, once it is disposed', async () => {
    flood();
    sink.apply([put('c')], '20');
    sink[Symbol.dispose]();
    expect(clock.pending).to.equal(0);
    await clock.advance(1_000);
    expect(seen).to.have.length(11);
  });
});
