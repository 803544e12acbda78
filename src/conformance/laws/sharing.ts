import assert from 'node:assert/strict';

import type { ConformanceCase } from '../case.js';
import { leases, watches } from './faults.js';

/** Law 11: a thousand readers cost the backend one watch, a thousand registrations one lease. */
export const sharing: readonly ConformanceCase[] = [
  {
    title: 'law 11: all watches of one service share one watch of the backend, and the last reader ends it',
    needs: ['watches'],
    async run(trial) {
      const backend = await trial.connect();
      const other = `${trial.service}.other`;
      const readings = [await trial.read(backend), await trial.read(backend), await trial.read(backend)];
      const alone = await trial.read(backend, other);
      await trial.eventually('one watch for three readers', async () => (await watches(trial)) === 1);
      assert.equal(await watches(trial, other), 1);
      readings[0]?.stop();
      readings[1]?.watch.close();
      await trial.register(backend, 8000);
      await trial.eventually('the third reader to go on', () => readings[2]?.last.instances.length === 1);
      assert.equal(await watches(trial), 1);
      readings[2]?.stop();
      alone.stop();
      await trial.eventually('no watch without a reader', async () => (await watches(trial)) + (await watches(trial, other)) === 0);
    },
  },
  {
    title: 'law 11: a loop that is left by break gives its watch back',
    needs: ['watches'],
    async run(trial) {
      const backend = await trial.connect();
      const loop = async (): Promise<void> => {
        for await (const snapshot of backend.discovery.watch(trial.service)) {
          assert.deepEqual(snapshot.instances, []);
          break;
        }
      };
      await trial.within('the loop', loop());
      await trial.eventually('no watch to be left', async () => (await watches(trial)) === 0);
    },
  },
  {
    title: 'law 11: all registrations with one TTL share one lease; closing gives it back',
    needs: ['leases'],
    async run(trial) {
      const backend = await trial.connect();
      const before = await leases(trial);
      await Promise.all([8000, 8001, 8002, 8003].map((port) => trial.register(backend, port)));
      await trial.register(backend, 8004, { service: `${trial.service}.other` });
      assert.equal((await leases(trial)) - before, 1);
      const init = { service: trial.service, address: '10.0.0.2:8000' };
      await trial.within('register', backend.registry.register(init, { ttl: trial.world.ttl + 60 }));
      assert.equal((await leases(trial)) - before, 2);
      await trial.within('close', backend.close());
      assert.equal(await leases(trial), before);
    },
  },
];
