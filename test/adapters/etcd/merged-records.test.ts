import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';

import { MergedRecords } from '../../../src/adapters/etcd/merged-records.js';
import { MergingSink } from '../../../src/adapters/etcd/merging-sink.js';
import { RollcallError } from '../../../src/core/errors.js';
import { createInstance } from '../../../src/core/instance.js';
import { recordLayout } from '../../../src/core/record-layout.js';
import { recordRevision } from '../../../src/core/record-revision.js';
import { type FeedSink, type RecordChange, type RecordState, ServiceFeed } from '../../../src/core/service-feed.js';
import { silentLogger } from '../../../src/core/logger.js';
import { FakeClock } from '../../support/fake-clock.js';

const roots = ['/rollcall/', '/microservices/'];

function record(key: string, revision: number, init: { id?: string; address?: string; zone?: string } = {}, layout = 'rollcall'): RecordState {
  const { address = '10.0.0.1:1', ...rest } = init;
  return { key, revision: String(revision), layout, instance: createInstance({ service: 's', address, ...rest }) };
}

/** The ids and addresses of a merged list, and where each came from. */
function shown(records: readonly RecordChange[]): string[] {
  return records.map((each) => ('instance' in each ? `${each.instance.id} at ${each.instance.address} of ${each.layout}` : 'skipped' in each ? `skipped ${each.key}` : `no ${each.key}`)).sort();
}

describe('records of several places, merged', () => {
  it('give one instance for two records of one id', () => {
    const merged = new MergedRecords(roots);
    expect(shown(merged.replace([record('/rollcall/s/a', 5, { id: 'a' }), record('/microservices/s/a', 4, { id: 'a' }, 'kratos')]))).to.deep.equal(['a at 10.0.0.1:1 of rollcall']);
  });

  it('give one instance for two records of one address: the newest', () => {
    const merged = new MergedRecords(roots);
    expect(shown(merged.replace([record('/rollcall/s/a', 5, { id: 'a' }), record('/microservices/s/x', 6, { id: 'x' }, 'kratos')]))).to.deep.equal(['x at 10.0.0.1:1 of kratos']);
  });

  it('take the place that is named first where one transaction wrote both, whichever comes first', () => {
    const both = [record('/rollcall/s/a', 5, { id: 'a', zone: 'z' }), record('/microservices/s/a', 5, { id: 'a' }, 'kratos')];
    for (const records of [both, [...both].reverse()]) expect(shown(new MergedRecords(roots).replace(records))).to.deep.equal(['a at 10.0.0.1:1 of rollcall']);
    expect(shown(new MergedRecords([...roots].reverse()).replace(both))).to.deep.equal(['a at 10.0.0.1:1 of kratos']);
  });

  it('show what is left when the newest goes', () => {
    const merged = new MergedRecords(roots);
    merged.replace([record('/rollcall/s/a', 5, { id: 'a' }), record('/microservices/s/x', 6, { id: 'x' }, 'kratos')]);
    expect(shown(merged.apply([{ key: '/microservices/s/x', deleted: true }]))).to.deep.equal(['a at 10.0.0.1:1 of rollcall', 'no \0x']);
  });

  it('keep a record that cannot be read apart, and drop the instance that its key said before', () => {
    const merged = new MergedRecords(roots);
    merged.replace([record('/rollcall/s/a', 5, { id: 'a' })]);
    expect(shown(merged.apply([{ key: '/rollcall/s/a', skipped: 'broken' }]))).to.deep.equal(['no \0a', 'skipped /rollcall/s/a']);
    expect(shown(merged.apply([record('/rollcall/s/a', 7, { id: 'a' })]))).to.deep.equal(['a at 10.0.0.1:1 of rollcall', 'no /rollcall/s/a']);
  });

  it('are the same whether they come at once or change by change, over 500 histories', () => {
    const key = fc.constantFrom('/rollcall/s/1', '/rollcall/s/2', '/microservices/s/1', '/microservices/s/2', '/microservices/s/3');
    const change = fc.record({ key, id: fc.constantFrom('a', 'b', 'c'), port: fc.integer({ min: 1, max: 3 }), kind: fc.constantFrom('put', 'put', 'put', 'broken', 'deleted') });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), (history) => {
        const stepwise = new MergedRecords(roots);
        const view = new Map<string, RecordState>();
        const store = new Map<string, RecordState>();
        history.forEach(({ key: at, id, port, kind }, index) => {
          const next: RecordChange = kind === 'put' ? record(at, 1 + (index >> 1), { id, address: `10.0.0.1:${port}` }) : kind === 'broken' ? { key: at, skipped: 'broken' } : { key: at, deleted: true };
          if ('deleted' in next) store.delete(at);
          else store.set(at, next);
          for (const each of stepwise.apply([next])) {
            if ('deleted' in each) view.delete(each.key);
            else view.set(each.key, each);
          }
        });
        const atOnce = new MergedRecords(roots).replace(store.values());
        expect(shown([...view.values()])).to.deep.equal(shown(atOnce));
        const instances = atOnce.flatMap((each) => ('instance' in each ? [each.instance] : []));
        for (const of of ['id', 'address'] as const) expect(new Set(instances.map((each) => each[of])).size, `one of each ${of}`).to.equal(instances.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('thousands of records of one address', () => {
  it('cost a change no more than few do: nobody else is told anew', () => {
    const merged = new MergedRecords(roots);
    merged.replace(Array.from({ length: 5000 }, (_, index) => record(`/rollcall/s/${index}`, index + 1, { id: String(index) })));
    // A newer one takes the place of the newest; the other 4,999 were beaten before.
    expect(merged.apply([record('/rollcall/s/new', 6000, { id: 'new' })])).to.have.length.below(4);
    expect(shown(merged.apply([{ key: '/rollcall/s/new', deleted: true }]))).to.include('4999 at 10.0.0.1:1 of rollcall');
  });
});

describe('a sink that merges', () => {
  function merging() {
    const clock = new FakeClock();
    const feed = new ServiceFeed('s', { clock, logger: silentLogger });
    const sink = new MergingSink(feed, new MergedRecords(roots), clock);
    return { clock, feed, sink };
  }

  it('shows what one transaction wrote to two places as one change', async () => {
    const { clock, feed, sink } = merging();
    sink.replace([], '1');
    const listener = sinon.spy();
    feed.listen(listener);
    sink.apply([record('/microservices/s/a', 2, { id: 'a' }, 'kratos')], '2');
    sink.apply([record('/rollcall/s/a', 2, { id: 'a', zone: 'z' })], '2');
    expect(listener.callCount).to.equal(0);
    await clock.advance(20);
    expect(listener.callCount).to.equal(1);
    expect(feed.current?.instances.map(({ zone }) => zone)).to.deep.equal(['z']);
  });

  it('keeps the instance the same object when another record of it, that says the same, becomes the newest', async () => {
    const { clock, feed, sink } = merging();
    sink.replace([record('/microservices/s/a', 2, { id: 'a' }, 'kratos')], '2');
    const [before] = feed.current!.instances;
    sink.apply([record('/rollcall/s/a', 3, { id: 'a' })], '3');
    await clock.advance(20);
    const [after] = feed.current!.instances;
    expect(after).to.equal(before);
    expect([recordLayout(after!), recordRevision(after!)]).to.deep.equal(['rollcall', '3']);
  });

  it('never gives a revision that goes back, whatever order the places tell theirs in', async () => {
    const { clock, feed, sink } = merging();
    sink.replace([], '10');
    sink.apply([record('/rollcall/s/a', 13, { id: 'a' })], '13');
    await clock.advance(20);
    sink.apply([record('/microservices/s/b', 12, { id: 'b', address: '10.0.0.2:1' }, 'kratos')], '12');
    await clock.advance(20);
    expect(feed.current).to.have.property('revision', '13');
    expect(feed.current?.instances).to.have.length(2);
  });

  it('forgets what waited when the complete state comes, and when it is disposed', async () => {
    const target = sinon.createStubInstance(ServiceFeed) as unknown as sinon.SinonStubbedInstance<FeedSink> & FeedSink;
    const clock = new FakeClock();
    const sink = new MergingSink(target, new MergedRecords(roots), clock);
    sink.apply([record('/rollcall/s/a', 2, { id: 'a' })], '2');
    sink.replace([], '3');
    sink.apply([record('/rollcall/s/b', 4, { id: 'b' })], '4');
    sink[Symbol.dispose]();
    await clock.advance(10);
    expect((target.apply as sinon.SinonStub).callCount).to.equal(0);
  });

  it('tells what waited before it tells of trouble', () => {
    const { feed, sink } = merging();
    sink.replace([], '1');
    sink.apply([record('/rollcall/s/a', 2, { id: 'a' })], '2');
    sink.stale(new RollcallError('UNAVAILABLE', 'gone'));
    expect(feed.current).to.deep.include({ status: 'stale', revision: '2' });
    expect(feed.current?.instances).to.have.length(1);
  });
});
