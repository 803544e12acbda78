import assert from 'node:assert/strict';

import { RollcallError } from '../../core/errors.js';
import type { ConformanceCase } from '../case.js';
import type { Snapshot } from '../../core/snapshot.js';
import { address, ids } from '../trial.js';
import { corrupt, interrupt, restore } from './faults.js';

/** Laws 4 and 5: a backend in trouble, and records that nobody can read. */
export const trouble: readonly ConformanceCase[] = [
  {
    title: 'law 4: an unreachable backend turns the watch stale and shrinks nothing; then it is live again',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      const { instances } = reading.last;
      await interrupt(trial, reader);
      await trial.eventually('a stale snapshot', () => reading.last.status === 'stale');
      const stale = reading.last;
      assert.deepEqual(ids(stale), [address(8000)]);
      assert.equal(stale.instances[0], instances[0], 'the instance is the same object');
      assert.ok(stale.reason instanceof RollcallError, 'a stale snapshot says why');
      assert.ok(reading.watch.trouble instanceof RollcallError, 'the watch says why');
      assert.equal(typeof stale.since, 'number');
      await restore(trial, reader);
      await trial.eventually('a live snapshot', () => reading.last.status === 'live');
      assert.equal(reading.last.instances[0], instances[0], 'the instance is the same object afterwards');
      assert.equal(reading.last.reason, undefined);
      assert.equal(reading.watch.trouble, undefined);
      reading.check();
    },
  },
  {
    title: 'law 4: what changed while the backend was out of reach shows when it is back, and nothing else',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const leaving = await trial.register(owner, 8001);
      const reading = await trial.read(reader);
      await interrupt(trial, reader);
      await trial.eventually('a stale snapshot', () => reading.last.status === 'stale');
      await trial.within('deregister', leaving.deregister());
      await trial.register(owner, 8002);
      assert.deepEqual(ids(reading.last), [8000, 8001].map(address));
      await restore(trial, reader);
      const expected = [8000, 8002].map(address);
      await trial.eventually('the new state', () => reading.last.status === 'live' && ids(reading.last).join() === expected.join());
      for (const snapshot of reading.snapshots) assert.ok(ids(snapshot).includes(address(8000)), 'who stayed was never missing');
      reading.check();
    },
  },
  {
    title: 'law 4: get and register fail with a retryable error while the backend is out of reach, and leave nothing behind',
    needs: ['interrupt'],
    async run(trial) {
      const [cut, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(cut, 8000);
      await interrupt(trial, cut);
      const init = { service: trial.service, address: address(8001) };
      const failures = await Promise.all([
        trial.rejects('get', ['UNAVAILABLE', 'TIMEOUT'], () => cut.discovery.get(trial.service)),
        trial.rejects('services', ['UNAVAILABLE', 'TIMEOUT'], () => cut.discovery.services()),
        trial.rejects('register', ['UNAVAILABLE', 'TIMEOUT'], () => cut.registry.register(init)),
      ]);
      for (const error of failures) assert.ok(error.retryable, `${error.code} is worth another try`);
      await restore(trial, cut);
      await trial.eventually('the earlier registration alone', async () => ids(await trial.get(reader)).join() === address(8000));
      await trial.register(cut, 8001);
    },
  },
  {
    title: 'law 4: a watch begun while the backend is out of reach says so, and starts complete once it is back',
    needs: ['interrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      await trial.register(owner, 8001);
      await interrupt(trial, reader);
      const watch = reader.discovery.watch(trial.service);
      const first = watch[Symbol.asyncIterator]().next();
      await trial.eventually('the watch to say what is wrong', () => watch.trouble instanceof RollcallError);
      await restore(trial, reader);
      const result = await trial.within('the first snapshot', first);
      assert.deepEqual(ids(result.value as Snapshot), [8000, 8001].map(address));
      assert.equal(watch.trouble, undefined);
      watch.close();
    },
  },
  {
    title: 'law 5: a record that cannot be read is skipped and reported, and hides nobody',
    needs: ['corrupt'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      await corrupt(trial, 8001);
      await corrupt(trial, 8002);
      await trial.eventually('both to be reported', () => reading.last.skipped.length === 2);
      for (const { instances, skipped } of [reading.last, await trial.get(reader)]) {
        assert.deepEqual(instances.map(({ id }) => id), [address(8000)]);
        assert.equal(skipped.length, 2);
        for (const { key, reason } of skipped) assert.ok(key !== '' && reason !== '', 'key and reason are given');
        assert.deepEqual(skipped.map(({ key }) => key), skipped.map(({ key }) => key).sort(), 'sorted by key');
      }
      await trial.register(owner, 8003);
      await trial.eventually('the watch to go on', () => ids(reading.last).join() === [8000, 8003].map(address).join());
      reading.check();
    },
  },
  {
    title: 'law 5: a record that turns to garbage leaves the snapshot, and comes back once it is written anew',
    needs: ['corrupt'],
    async run(trial) {
      const [owner, reader, repairer] = [await trial.connect(), await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      await trial.register(owner, 8001);
      const reading = await trial.read(reader);
      await corrupt(trial, 8001);
      await trial.eventually('the garbage to be reported', () => reading.last.skipped.length === 1);
      assert.deepEqual(ids(reading.last), [address(8000)]);
      await trial.register(repairer, 8001);
      await trial.eventually('the repaired record', () => ids(reading.last).join() === [8000, 8001].map(address).join());
      assert.deepEqual(reading.last.skipped, []);
      assert.deepEqual((await trial.get(reader)).skipped, []);
      reading.check();
    },
  },
];
