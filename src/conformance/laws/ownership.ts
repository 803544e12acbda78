import assert from 'node:assert/strict';

import type { Backend } from '../../core/adapter.js';
import { RollcallError } from '../../core/errors.js';
import type { Registration } from '../../core/ports.js';
import type { ConformanceCase } from '../case.js';
import { address, ids, type Trial } from '../trial.js';
import { freeze, interrupt, loseLease, restore, thaw } from './faults.js';

/** Law 8: the newest owner of an id wins, and its predecessor can do it no harm. */
export const ownership: readonly ConformanceCase[] = [
  {
    title: 'law 8: the older of two owners becomes superseded and is told why; the record is the newer one’s',
    async run(trial) {
      const { older, newer, reader } = await twoOwners(trial);
      await trial.eventually('the older handle to be superseded', () => older.state === 'superseded');
      assert.ok(older.detail.reason instanceof RollcallError);
      assert.equal(older.detail.reason.code, 'SUPERSEDED');
      assert.equal(newer.state, 'active');
      assert.deepEqual((await trial.get(reader)).instances, [newer.instance]);
    },
  },
  {
    title: 'law 8: the newer owner’s values stand, and an update by the older one is refused with SUPERSEDED',
    needs: ['fields'],
    async run(trial) {
      const { older, newer, reader } = await twoOwners(trial, { version: 'new' });
      // At once: the older owner may not know yet.
      await trial.rejects('update by the older owner', 'SUPERSEDED', () => older.update({ weight: 1 }));
      await trial.rejects('another update by it', 'SUPERSEDED', () => older.update({ weight: 2 }));
      assert.equal(older.state, 'superseded');
      assert.deepEqual((await trial.get(reader)).instances, [newer.instance]);
      assert.equal(newer.instance.version, 'new');
    },
  },
  {
    title: 'law 8: deregistering the older handle leaves the newer record alone',
    async run(trial) {
      const { older, newer, reader } = await twoOwners(trial);
      const reading = await trial.read(reader);
      await trial.within('deregister of the older', older.deregister());
      assert.deepEqual(ids(await trial.get(reader)), [address(8000)]);
      // A newer owner that lost its record would soon write it again: only the watch tells.
      for (const snapshot of reading.snapshots) assert.deepEqual(ids(snapshot), [address(8000)]);
      assert.equal(newer.state, 'active');
      await trial.within('deregister of the newer', newer.deregister());
      assert.deepEqual(ids(await trial.get(reader)), []);
    },
  },
  {
    title: 'law 8: closing the older owner leaves the newer record alone, for longer than the TTL',
    async run(trial) {
      const { olderOwner, newer, reader } = await twoOwners(trial);
      const reading = await trial.read(reader);
      await trial.within('close of the older', olderOwner.close());
      await trial.elapse(trial.world.ttl * 1500);
      assert.deepEqual(ids(await trial.get(reader)), [address(8000)]);
      for (const snapshot of reading.snapshots) assert.deepEqual(ids(snapshot), [address(8000)]);
      assert.equal(newer.state, 'active');
    },
  },
  {
    title: 'law 8: an older owner that loses its lease does not take the id back',
    needs: ['loseLease'],
    async run(trial) {
      const { older, olderOwner, newer, reader } = await twoOwners(trial);
      // Something else of its own, so that it still has a lease to lose.
      const other = await trial.register(olderOwner, 8001);
      await loseLease(trial, olderOwner);
      await trial.eventually('its other record to be back', async () => other.state === 'active' && ids(await trial.get(reader)).includes(address(8001)));
      await trial.eventually('the older handle to be superseded', () => older.state === 'superseded');
      assert.equal((await trial.get(reader)).instances.length, 2);
      await trial.within('close of the older', olderOwner.close());
      assert.deepEqual((await trial.get(reader)).instances, [newer.instance]);
      assert.equal(newer.state, 'active');
    },
  },
  {
    title: 'law 8: an owner that was out of reach while it was replaced gives way when it is back',
    needs: ['interrupt'],
    async run(trial) {
      const [olderOwner, newerOwner, reader] = [await trial.connect(), await trial.connect(), await trial.connect()];
      const older = await trial.register(olderOwner, 8000);
      await interrupt(trial, olderOwner);
      const newer = await trial.register(newerOwner, 8000);
      const reading = await trial.read(reader);
      await trial.eventually('the older handle to notice the silence', () => older.state === 'recovering');
      await restore(trial, olderOwner);
      await trial.eventually('the older handle to be superseded', () => older.state === 'superseded');
      assert.deepEqual((await trial.get(reader)).instances, [newer.instance]);
      for (const snapshot of reading.snapshots) assert.deepEqual(ids(snapshot), [address(8000)]);
      assert.equal(newer.state, 'active');
    },
  },
  {
    title: 'law 8: a process that hung past its TTL and was replaced gives way when it wakes',
    needs: ['freeze'],
    async run(trial) {
      const [olderOwner, newerOwner, reader] = [await trial.connect(), await trial.connect(), await trial.connect()];
      const older = await trial.register(olderOwner, 8000);
      await freeze(trial, olderOwner);
      await trial.eventually('the record to expire', async () => (await trial.get(reader)).instances.length === 0);
      const newer = await trial.register(newerOwner, 8000);
      const reading = await trial.read(reader);
      await thaw(trial, olderOwner);
      await trial.eventually('the older handle to be superseded', () => older.state === 'superseded');
      await trial.within('close of the older', olderOwner.close());
      assert.deepEqual((await trial.get(reader)).instances, [newer.instance]);
      for (const snapshot of reading.snapshots) assert.deepEqual(ids(snapshot), [address(8000)]);
      assert.equal(newer.state, 'active');
    },
  },
];

/** Two connections that registered the same id, one after the other, and a third that only reads. */
async function twoOwners(
  trial: Trial,
  fields: { readonly version?: string } = {},
): Promise<{ older: Registration; newer: Registration; olderOwner: Backend; reader: Backend }> {
  const [olderOwner, newerOwner, reader] = [await trial.connect(), await trial.connect(), await trial.connect()];
  const older = await trial.register(olderOwner, 8000);
  const newer = await trial.register(newerOwner, 8000, fields);
  return { older, newer, olderOwner, reader };
}
