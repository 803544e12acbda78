import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { ServiceInstance } from '../../../src/core/instance.js';
import { type ConnectionState, explain, type ExplainContext, type Explanation } from '../../../src/core/selection/explain.js';
import { SnapshotGuard } from '../../../src/core/selection/guard.js';
import { parseGuardOptions } from '../../../src/core/selection/guard-options.js';
import { parseSelectionOptions, type SelectionOptions } from '../../../src/core/selection/options.js';
import { Selector } from '../../../src/core/selection/selector.js';
import type { Snapshot } from '../../../src/core/snapshot.js';
import { FakeClock } from '../../support/fake-clock.js';
import { instance, instances, snapshot } from './instances.js';

const shares: ExplainContext['shares'] = (_policy, candidates) => {
  const sum = candidates.reduce((total, { instance: { weight }, share }) => total + weight * share, 0);
  return new Map(candidates.map(({ instance: { id, weight }, share }) => [id, (weight * share) / sum]));
};
const run = (of: Snapshot, options: SelectionOptions = {}, more: Partial<ExplainContext> = {}): Explanation =>
  explain(of, parseSelectionOptions(options, 'x'), { service: 'orders', clientKey: 'me', policy: 'p', shares, ...more });
const fates = ({ records }: Explanation): string[] => records.map(({ id, key, reason }) => `${id ?? key ?? '?'}: ${reason ?? 'kept'}`);

describe('an explanation', () => {
  const states: Record<string, ConnectionState> = { a: 'ready', e: 'failing', f: 'unhealthy' };
  const list = [
    instance('a', { version: '1', weight: 300, zone: 'z' }),
    instance('b', { version: '1' }),
    instance('c', { version: '2' }),
    instance('d', { version: '1', weight: 0 }),
    instance('e', { version: '1' }),
    instance('f', { version: '1' }),
    instance('g', { version: '1', address: 'same:1' }),
    instance('h', { version: '2', address: 'same:1' }),
    { ...instance('i', { version: '1' }), address: 'nowhere' },
  ];
  const full = snapshot(list, { skipped: [{ key: '/rollcall/orders/x', reason: 'not JSON' }] });
  const stateOf = ({ id }: ServiceInstance): { state: ConnectionState } | undefined => (states[id] === undefined ? undefined : { state: states[id] });

  it('has each record exactly once, with what became of it', () => {
    const result = run(full, { filter: { version: '1' } }, { stateOf });
    expect(fates(result)).to.deep.equal([
      'a: kept', 'b: kept', 'c: filtered', 'd: draining', 'e: unhealthy', 'f: unhealthy', 'g: superseded', 'h: filtered', 'i: undialable', '/rollcall/orders/x: undecodable',
    ]);
    expect(result.records[0]).to.deep.equal({ id: 'a', address: 'a.test:80', weight: 300, version: '1', zone: 'z', kept: true, share: 0.75, state: 'ready' });
    expect(result.records[6]).to.deep.include({ kept: false, detail: 'superseded by "h", a newer record of the same address', share: 0 });
    expect(result.records[9]).to.deep.equal({ key: '/rollcall/orders/x', kept: false, reason: 'undecodable', detail: 'not JSON' });
    expect(result.sentence).to.equal(
      'calls go to 2 of 10 records of "orders" at revision 71: 1 superseded, 1 draining, 2 filtered out (version 1), 1 that could not be read, 1 with an address that cannot be dialled, 2 unhealthy or out of reach',
    );
    expect(result.records.reduce((sum, { share = 0 }) => sum + share, 0)).to.be.closeTo(1, 1e-9);
  });

  it('is plain data', () => {
    const result = run(full, { filter: { version: '1' } }, { stateOf });
    expect(JSON.parse(JSON.stringify(result))).to.deep.equal(result);
  });

  it('tells no shares without a policy that knows them', () => {
    expect(run(full, {}, { shares: undefined }).records.some((record) => 'share' in record)).to.equal(false);
  });

  it('gives the very reason of a failing call when nobody is left', () => {
    expect(run(snapshot([])).sentence).to.equal('nobody is called: no instances of "orders" are registered');
    expect(run(snapshot(instances(3)), { filter: 'lane=canary' }).sentence).to.equal('nobody is called: none of 3 instances of "orders" match the filter (metadata lane=canary)');
    expect(run(snapshot(instances(2)), {}, { stateOf: () => ({ state: 'failing' }) }).sentence).to.equal(
      'nobody is called of 2 records of "orders" at revision 71: 2 unhealthy or out of reach',
    );
  });

  it('shows what the guard holds, as records and as a note', () => {
    const clock = new FakeClock();
    const guard = new SnapshotGuard(parseGuardOptions({ maxLoss: 0.5 }, 'x'), clock);
    const four = instances(4);
    guard.update(snapshot(four));
    const now = snapshot(four.slice(0, 1));
    const view = guard.update(now);
    const result = run(now, {}, { guard: view });
    expect(result.records.map(({ held = false }) => held)).to.deep.equal([false, true, true, true]);
    expect(result.notes).to.deep.equal([view.holding?.detail]);
    expect(result.holding).to.deep.include({ kind: 'loss', kept: 3 });
  });

  it('says that the whole service is failed for staleness', () => {
    const clock = new FakeClock();
    const stale = snapshot(instances(2), { status: 'stale', since: clock.now() - 9000, reason: new RollcallError('TIMEOUT', 'silence') });
    const view = new SnapshotGuard(parseGuardOptions({ staleBudget: 5 }, 'x'), clock).update(stale);
    const result = run(stale, {}, { guard: view });
    expect(fates(result)).to.deep.equal(['i0000: stale', 'i0001: stale']);
    expect(result.sentence).to.match(/^nobody is called: the instances of "orders" are stale since .* \(staleBudget\): TIMEOUT: silence$/);
    expect(result.notes[0]).to.match(/^stale since .*: TIMEOUT: silence$/);
  });

  it('shows the share of one that starts slowly', () => {
    const clock = new FakeClock();
    const rules = parseSelectionOptions({ slowStart: 10 }, 'x');
    const selector = new Selector(rules, { service: 'orders', clientKey: 'me', clock });
    const [a, b] = instances(2);
    selector.select([a!]);
    selector.select([a!, b!]);
    const { records } = explain(snapshot([a!, b!]), rules, { ...selector.context(), policy: 'p', shares });
    expect(records[1]).to.deep.include({ kept: true, slowStart: 0.1 });
    expect(records[1]?.share).to.be.closeTo(0.1 / 1.1, 1e-9);
  });
});
