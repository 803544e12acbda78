import assert from 'node:assert/strict';

import type { ConformanceCase } from '../case.js';
import { address, ids } from '../trial.js';

/** Law 10: whoever waits may stop waiting. (That every error is a RollcallError is checked wherever one is expected.) */
export const cancelling: readonly ConformanceCase[] = [
  {
    title: 'law 10: a signal that is aborted already fails every call with ABORTED, and nothing is done',
    async run(trial) {
      const backend = await trial.connect();
      const registration = await trial.register(backend, 8000);
      const reason = new Error('no longer needed');
      const signal = AbortSignal.abort(reason);
      const init = { service: trial.service, address: address(8001) };
      for (const error of [
        await trial.rejects('register', 'ABORTED', () => backend.registry.register(init, { signal })),
        await trial.rejects('update', 'ABORTED', () => registration.update({ weight: 1 }, { signal })),
        await trial.rejects('get', 'ABORTED', () => backend.discovery.get(trial.service, { signal })),
        await trial.rejects('services', 'ABORTED', () => backend.discovery.services({ signal })),
        await trial.rejects('watch', 'ABORTED', () => backend.discovery.watch(trial.service, { signal })),
      ]) {
        assert.equal(error.cause, reason, 'the cause is the signal’s reason');
        assert.equal(error.retryable, false);
      }
      const { instances } = await trial.get(backend);
      assert.deepEqual(instances, [registration.instance]);
      assert.equal(instances[0]?.weight, 100);
      await trial.register(backend, 8001);
    },
  },
  {
    title: 'law 10: a signal that aborts during a call fails it with ABORTED, and nothing stays behind',
    async run(trial) {
      const backend = await trial.connect();
      await trial.register(backend, 8000);
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [
        trial.rejects('register', 'ABORTED', () => backend.registry.register({ service: trial.service, address: address(8001) }, { signal })),
        trial.rejects('get', 'ABORTED', () => backend.discovery.get(trial.service, { signal })),
        trial.rejects('services', 'ABORTED', () => backend.discovery.services({ signal })),
      ];
      controller.abort();
      await Promise.all(calls);
      await trial.eventually('the aborted registration to be gone', async () => ids(await trial.get(backend)).join() === address(8000));
      await trial.register(backend, 8001);
      assert.deepEqual(ids(await trial.get(backend)), [8000, 8001].map(address));
    },
  },
  {
    title: 'law 10: the signal of a watch ends it with ABORTED, whether somebody waits just then or asks later',
    async run(trial) {
      const backend = await trial.connect();
      const reason = new Error('enough');
      const controller = new AbortController();
      const watch = backend.discovery.watch(trial.service, { signal: controller.signal });
      const [waiting, later] = [watch[Symbol.asyncIterator](), watch[Symbol.asyncIterator]()];
      for (const iterator of [waiting, later]) await trial.within('the first snapshot', iterator.next());
      const next = waiting.next();
      controller.abort(reason);
      for (const read of [() => next, () => later.next()]) {
        const error = await trial.rejects('the reader', 'ABORTED', read);
        assert.equal(error.cause, reason);
      }
      assert.equal((await trial.within('asking once more', waiting.next())).done, true);
    },
  },
];
