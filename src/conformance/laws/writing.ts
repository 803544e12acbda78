import assert from 'node:assert/strict';

import type { ConformanceCase } from '../case.js';
import { address, ids } from '../trial.js';

/** Law 6: what was written is there. */
export const writing: readonly ConformanceCase[] = [
  {
    title: 'law 6: once register resolves, a get through any connection sees the instance',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const expected: string[] = [];
      for (let port = 8000; port < 8010; port++) {
        const registration = await trial.register(owner, port);
        expected.push(address(port));
        assert.equal(registration.state, 'active');
        assert.equal(registration.instance.address, address(port));
        assert.deepEqual(ids(await trial.get(reader)), expected);
        assert.deepEqual(ids(await trial.get(owner)), expected);
      }
    },
  },
  {
    title: 'law 6: once update resolves, a get sees the new values; fields left out stay',
    needs: ['fields'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const registration = await trial.register(owner, 8000, { zone: 'a', version: '1', metadata: { x: '1', y: '2' } });
      await trial.within('update', registration.update({ weight: 3, version: undefined, metadata: { x: '9' } }));
      const [seen] = (await trial.get(reader)).instances;
      assert.deepEqual(seen, { service: trial.service, id: address(8000), address: address(8000), weight: 3, zone: 'a', version: '1', metadata: { x: '9' } });
      assert.deepEqual(registration.instance, seen);
    },
  },
  {
    title: 'law 6: of several updates without waiting, the last one is stored',
    needs: ['fields'],
    async run(trial) {
      const owner = await trial.connect();
      const registration = await trial.register(owner, 8000);
      await trial.within('the updates', Promise.all([1, 2, 3, 4, 5].map((weight) => registration.update({ weight }))));
      assert.equal((await trial.get(owner)).instances[0]?.weight, 5);
    },
  },
  {
    title: 'law 6: once deregister resolves, a get no longer sees the instance, and its id is free again',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const [leaving] = [await trial.register(owner, 8000), await trial.register(owner, 8001)];
      await trial.within('deregister', leaving.deregister());
      assert.equal(leaving.state, 'closed');
      assert.deepEqual(ids(await trial.get(reader)), [address(8001)]);
      const again = await trial.register(owner, 8000);
      assert.equal(again.state, 'active');
      assert.deepEqual(ids(await trial.get(reader)), [8000, 8001].map(address));
    },
  },
];
