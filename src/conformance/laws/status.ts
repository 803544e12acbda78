import assert from 'node:assert/strict';

import { RollcallError } from '../../core/errors.js';
import type { PortState } from '../../core/status.js';
import type { ConformanceCase } from '../case.js';
import { interrupt, loseLease, restore } from './faults.js';

/** What both ports say of themselves. */
export const status: readonly ConformanceCase[] = [
  {
    title: 'status: both ports are live while all is well, count what they hold, and are closed after close',
    async run(trial) {
      const backend = await trial.connect();
      const { registry, discovery } = backend;
      const begun = discovery.status;
      assert.equal(begun.state, 'live');
      assert.equal(registry.status.state, 'live');
      assert.ok(Object.isFrozen(begun), 'a status is a moment and does not change');
      const seen: PortState[] = [];
      registry.subscribe(({ state }) => seen.push(state));
      const registration = await trial.register(backend, 8000);
      await trial.read(backend);
      assert.deepEqual(registry.status.registrations, { active: 1, recovering: 0 });
      assert.deepEqual(discovery.status.services, { live: 1, stale: 0, starting: 0 });
      assert.deepEqual(begun.services, { live: 0, stale: 0, starting: 0 });
      assert.ok(registry.status.since <= Date.now() || trial.world.pass !== undefined, 'since when is not in the future');
      await trial.within('deregister', registration.deregister());
      assert.deepEqual(registry.status.registrations, { active: 0, recovering: 0 });
      await trial.within('close', backend.close());
      assert.equal(registry.status.state, 'closed');
      assert.equal(discovery.status.state, 'closed');
      assert.deepEqual(seen, ['closed'], 'subscribers are told of changes, and of nothing else');
    },
  },
  {
    title: 'status: both ports go stale while the backend is out of reach, say why, and are live once they have caught up',
    needs: ['interrupt'],
    async run(trial) {
      const backend = await trial.connect();
      const { registry, discovery } = backend;
      await trial.register(backend, 8000);
      await trial.read(backend);
      const seen: Record<'registry' | 'discovery', PortState[]> = { registry: [], discovery: [] };
      registry.subscribe(({ state }) => seen.registry.push(state));
      discovery.subscribe(({ state }) => seen.discovery.push(state));
      await interrupt(trial, backend);
      await trial.eventually('both ports to be stale', () => registry.status.state === 'stale' && discovery.status.state === 'stale');
      for (const { lastError, lastErrorAt } of [registry.status, discovery.status]) {
        assert.ok(lastError instanceof RollcallError, 'it says why');
        assert.equal(typeof lastErrorAt, 'number');
      }
      assert.equal(discovery.status.services.stale, 1);
      await restore(trial, backend);
      await trial.eventually('both ports to be live', () => registry.status.state === 'live' && discovery.status.state === 'live');
      assert.deepEqual(discovery.status.services, { live: 1, stale: 0, starting: 0 });
      for (const states of Object.values(seen)) {
        assert.ok(states.includes('stale'), 'subscribers are told when it goes stale');
        assert.equal(states.at(-1), 'live', 'and when it is over');
      }
    },
  },
  {
    title: 'status: a registry is stale while a registration is being written again, and counts that it was lost',
    needs: ['loseLease'],
    async run(trial) {
      const backend = await trial.connect();
      const { registry } = backend;
      await trial.register(backend, 8000);
      const seen: PortState[] = [];
      registry.subscribe(({ state }) => seen.push(state));
      await loseLease(trial, backend);
      await trial.eventually('the loss to be told', () => seen.includes('stale'));
      await trial.eventually('the registry to be live again', () => registry.status.state === 'live');
      assert.deepEqual(registry.status.registrations, { active: 1, recovering: 0 });
      assert.equal(registry.status.counters.lostRegistrations, 1);
      assert.ok(registry.status.lastError instanceof RollcallError, 'why is kept after it is over');
    },
  },
];
