import assert from 'node:assert/strict';

import type { ConformanceCase } from '../case.js';
import { address, ids } from '../trial.js';
import { interrupt } from './faults.js';

/** Law 9: an end that is an end. */
export const closing: readonly ConformanceCase[] = [
  {
    title: 'law 9: close takes this owner’s records with it and leaves the others’',
    async run(trial) {
      const [leaving, staying, reader] = [await trial.connect(), await trial.connect(), await trial.connect()];
      const gone = [await trial.register(leaving, 8000), await trial.register(leaving, 8001)];
      await trial.register(staying, 8002);
      await trial.within('close', leaving.close());
      assert.deepEqual(ids(await trial.get(reader)), [address(8002)]);
      for (const registration of gone) assert.equal(registration.state, 'closed');
    },
  },
  {
    title: 'law 9: close may be called again, and at the same time, on the backend and on both ports',
    async run(trial) {
      const backend = await trial.connect();
      await trial.register(backend, 8000);
      await trial.read(backend);
      await trial.within('close, three times at once', Promise.all([backend.close(), backend.close(), backend[Symbol.asyncDispose]()]));
      await trial.within('close afterwards', backend.close());
      await trial.within('close of the registry', Promise.all([backend.registry.close(), backend.registry[Symbol.asyncDispose]()]));
      await trial.within('close of the discovery', Promise.all([backend.discovery.close(), backend.discovery[Symbol.asyncDispose]()]));
    },
  },
  {
    title: 'law 9: every operation after close fails with CLOSED, and deregister has nothing left to do',
    async run(trial) {
      const backend = await trial.connect();
      const registration = await trial.register(backend, 8000);
      const watch = backend.discovery.watch(trial.service);
      await trial.within('close', backend.close());
      const init = { service: trial.service, address: address(8001) };
      await trial.rejects('register', 'CLOSED', () => backend.registry.register(init));
      await trial.rejects('get', 'CLOSED', () => backend.discovery.get(trial.service));
      await trial.rejects('services', 'CLOSED', () => backend.discovery.services());
      await trial.rejects('watch', 'CLOSED', () => backend.discovery.watch(trial.service));
      await trial.rejects('subscribe to an earlier watch', 'CLOSED', () => watch.subscribe(() => undefined));
      await trial.rejects('reading an earlier watch', 'CLOSED', () => watch[Symbol.asyncIterator]().next());
      await trial.rejects('update', 'CLOSED', () => registration.update({ weight: 1 }));
      await trial.within('deregister', registration.deregister());
    },
  },
  {
    title: 'law 9: calls under way when close comes fail with CLOSED and leave nothing behind',
    async run(trial) {
      const [backend, reader] = [await trial.connect(), await trial.connect()];
      const calls = [
        trial.rejects('register', 'CLOSED', () => backend.registry.register({ service: trial.service, address: address(8000) })),
        trial.rejects('get', 'CLOSED', () => backend.discovery.get(trial.service)),
        trial.rejects('services', 'CLOSED', () => backend.discovery.services()),
      ];
      // Port by port: the backend closes its discovery only once its registry is closed, and until then a get succeeds.
      const closed = Promise.all([backend.registry.close(), backend.discovery.close()]);
      await Promise.all(calls);
      await trial.within('close', closed);
      assert.deepEqual((await trial.get(reader)).instances, []);
    },
  },
  {
    title: 'law 9: close ends every iteration, also one that waits',
    async run(trial) {
      const backend = await trial.connect();
      const iterators = [backend.discovery.watch(trial.service), backend.discovery.watch(trial.service)].map((watch) => watch[Symbol.asyncIterator]());
      for (const iterator of iterators) await trial.within('the first snapshot', iterator.next());
      const waiting = iterators[0]?.next();
      await trial.within('close', backend.close());
      assert.deepEqual(await trial.within('the waiting reader', Promise.resolve(waiting)), { done: true, value: undefined });
      assert.deepEqual(await trial.within('the other reader', Promise.resolve(iterators[1]?.next())), { done: true, value: undefined });
    },
  },
  {
    title: 'law 9: a watch that is closed ends alone; the other goes on',
    async run(trial) {
      const backend = await trial.connect();
      const [ended, reading] = [await trial.read(backend), await trial.read(backend)];
      ended.watch.close();
      ended.watch.close();
      await trial.register(backend, 8000);
      await trial.eventually('the other watch to go on', () => reading.last.instances.length === 1);
      assert.equal(ended.snapshots.length, 1, 'the closed one heard nothing more');
    },
  },
  {
    title: 'law 9: a closed registry leaves the discovery of the same connection working',
    async run(trial) {
      const [backend, owner] = [await trial.connect(), await trial.connect()];
      await trial.register(backend, 8000);
      const reading = await trial.read(backend);
      await trial.within('close of the registry', backend.registry.close());
      await trial.register(owner, 8001);
      await trial.eventually('the watch to see who is there', () => ids(reading.last).join() === address(8001));
      assert.deepEqual(ids(await trial.get(backend)), [address(8001)]);
    },
  },
  {
    title: 'law 9: close ends within a bound when the backend is out of reach; the records go with their TTL',
    needs: ['interrupt'],
    async run(trial) {
      const [backend, reader] = [await trial.connect(), await trial.connect()];
      const registration = await trial.register(backend, 8000);
      await trial.read(backend);
      await interrupt(trial, backend);
      await trial.within('close', backend.close());
      assert.equal(registration.state, 'closed');
      await trial.eventually('the record to expire', async () => (await trial.get(reader)).instances.length === 0);
    },
  },
];
