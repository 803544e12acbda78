import assert from 'node:assert/strict';

import { RollcallError } from '../../core/errors.js';
import type { Registration, RegistrationState } from '../../core/ports.js';
import type { ConformanceCase } from '../case.js';
import { address, ids } from '../trial.js';
import { freeze, interrupt, loseLease, restore } from './faults.js';

/** Law 7: a registration stays, for ever, whatever happens to its lease. */
export const recovery: readonly ConformanceCase[] = [
  {
    title: 'law 7: a registration outlives its TTL by far while its owner lives',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const registration = await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      await trial.elapse(trial.world.ttl * 2500);
      assert.deepEqual(ids(await trial.get(reader)), [address(8000)]);
      for (const snapshot of reading.snapshots) assert.deepEqual(ids(snapshot), [address(8000)]);
      assert.equal(registration.state, 'active');
    },
  },
  {
    title: 'law 7: a lost lease is granted again and every registration of it written again, each time',
    needs: ['loseLease'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const registrations = [await trial.register(owner, 8000), await trial.register(owner, 8001)];
      const histories = registrations.map(states);
      for (let time = 1; time <= 2; time++) {
        await loseLease(trial, owner);
        await trial.eventually(`loss ${time} to be healed`, () => histories.every((history) => history.join() === turns(time).join()));
        assert.deepEqual(ids(await trial.get(reader)), [8000, 8001].map(address));
      }
      for (const { detail } of registrations) assert.equal(detail.reason, undefined, 'all is well again');
    },
  },
  {
    title: 'law 7: a registration that was lost says why',
    needs: ['loseLease'],
    async run(trial) {
      const owner = await trial.connect();
      const registration = await trial.register(owner, 8000);
      const reasons: unknown[] = [];
      registration.subscribe((state, { reason }) => {
        if (state === 'recovering') reasons.push(reason);
      });
      await loseLease(trial, owner);
      await trial.eventually('the handle to report the loss', () => reasons.length > 0);
      assert.ok(reasons[0] instanceof RollcallError);
      await trial.eventually('the handle to be active', () => registration.state === 'active');
    },
  },
  {
    title: 'law 7: an owner cut off for longer than its TTL is gone for the others, says so, and comes back',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const registration = await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      await interrupt(trial, owner);
      await trial.eventually('the record to expire', () => reading.last.instances.length === 0);
      await trial.eventually('the handle to be recovering', () => registration.state === 'recovering');
      await restore(trial, owner);
      await trial.eventually('the handle to be active', () => registration.state === 'active');
      assert.deepEqual(ids(await trial.get(reader)), [address(8000)]);
      await trial.eventually('the watch to see it', () => ids(reading.last).join() === address(8000));
    },
  },
  {
    title: 'law 7: a deregistration that meets trouble is made good once the backend is back',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const [leaving] = [await trial.register(owner, 8000), await trial.register(owner, 8001)];
      await interrupt(trial, owner);
      // Whether it fails for lack of a backend or waits for one is a matter of timing.
      const deregistered = leaving.deregister().catch(() => undefined);
      // Not so long that the record would go by itself.
      await trial.elapse(trial.world.ttl * 300);
      await restore(trial, owner);
      await trial.within('deregister', deregistered);
      await trial.eventually('the record to be gone', async () => ids(await trial.get(reader)).join() === address(8001));
    },
  },
  {
    title: 'law 7: what was deregistered in trouble longer than the TTL stays away afterwards',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const leaving = await trial.register(owner, 8000);
      const staying = await trial.register(owner, 8001);
      await interrupt(trial, owner);
      await trial.eventually('the handle to be recovering', () => staying.state === 'recovering');
      const deregistered = leaving.deregister().catch(() => undefined);
      await restore(trial, owner);
      await trial.within('deregister', deregistered);
      await trial.eventually('the other to be back alone', async () => ids(await trial.get(reader)).join() === address(8001));
      assert.equal(leaving.state, 'closed');
    },
  },
  {
    title: 'law 7: the record of an owner that stands still goes with its TTL',
    needs: ['freeze'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      await freeze(trial, owner);
      await trial.eventually('the record to expire', () => reading.last.instances.length === 0);
      assert.deepEqual((await trial.get(reader)).instances, []);
    },
  },
];

function states(registration: Registration): readonly RegistrationState[] {
  const seen: RegistrationState[] = [];
  registration.subscribe((state) => {
    seen.push(state);
  });
  return seen;
}

function turns(times: number): readonly RegistrationState[] {
  return Array.from({ length: times }, (): RegistrationState[] => ['recovering', 'active']).flat();
}
