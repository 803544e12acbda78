import assert from 'node:assert/strict';

import type { Snapshot } from '../../core/snapshot.js';
import type { ConformanceCase } from '../case.js';
import { checkDiff } from '../reading.js';
import { address, ids } from '../trial.js';

/** Laws 1 to 3: what a snapshot is. */
export const snapshots: readonly ConformanceCase[] = [
  {
    title: 'law 1: the first snapshot of a watch is complete, sorted by id, and says that everything is added',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const ports = Array.from({ length: 30 }, (_, index) => 8000 + index);
      await Promise.all(ports.map((port) => trial.register(owner, port)));
      const reading = await trial.read(reader);
      const first = reading.snapshots[0];
      assert.deepEqual(ids(first), ports.map(address));
      assert.deepEqual(first?.added, first?.instances);
      assert.deepEqual(ids(await trial.get(reader)), ports.map(address));
    },
  },
  {
    title: 'law 1: an unknown service is an empty live snapshot, not an error',
    async run(trial) {
      const backend = await trial.connect();
      const reading = await trial.read(backend);
      for (const snapshot of [await trial.get(backend), reading.last]) {
        assert.deepEqual(snapshot.instances, []);
        assert.equal(snapshot.status, 'live');
        assert.equal(snapshot.service, trial.service);
      }
      assert.ok(!(await trial.within('services', backend.discovery.services())).includes(trial.service));
    },
  },
  {
    title: 'law 1: a service is listed while it has an instance; after the last one left it is empty',
    async run(trial) {
      const backend = await trial.connect();
      const reading = await trial.read(backend);
      const registration = await trial.register(backend, 8000);
      assert.ok((await trial.within('services', backend.discovery.services())).includes(trial.service));
      await trial.within('deregister', registration.deregister());
      assert.deepEqual((await trial.get(backend)).instances, []);
      assert.ok(!(await trial.within('services', backend.discovery.services())).includes(trial.service));
      await trial.eventually('the watch to see the empty service', () => reading.snapshots.length > 1 && reading.last.instances.length === 0);
    },
  },
  {
    title: 'law 1: services whose names start alike are not mixed up',
    async run(trial) {
      const backend = await trial.connect();
      const services = ['', 'x', '-x', '.x', ':x', '0'].map((end) => trial.service + end);
      await Promise.all(services.map((service, index) => trial.register(backend, 8000 + index, { service })));
      for (const [index, service] of services.entries()) {
        assert.deepEqual(ids(await trial.get(backend, service)), [address(8000 + index)], service);
        assert.deepEqual(ids((await trial.read(backend, service)).last), [address(8000 + index)], service);
      }
    },
  },
  {
    title: 'law 1: every kind of address comes back as it was given',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const given = ['10.0.0.1:8000', '[2001:db8::1]:8000', 'host.example:65535', 'unix:/run/some-dir/x.sock'];
      for (const each of given) await trial.register(owner, 0, { address: each });
      assert.deepEqual((await trial.get(reader)).instances.map((instance) => instance.address).sort(), [...given].sort());
    },
  },
  {
    title: 'law 1: every field comes back as it was given, whatever characters it holds',
    needs: ['fields'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const fields = { id: 'a/b:c%2F?#é🚀"\\', weight: 0, version: '1.2.3-β', zone: 'eu/1', metadata: { 'ключ "x"': 'wert\n{"a":1}', leer: '' } };
      const registration = await trial.register(owner, 8000, fields);
      const plain = await trial.register(owner, 8001, { id: 'plain' });
      assert.deepEqual(await trial.get(reader).then(({ instances }) => instances), [registration.instance, plain.instance]);
      assert.deepEqual(registration.instance, { service: trial.service, address: address(8000), ...fields });
      assert.deepEqual(plain.instance, { service: trial.service, id: 'plain', address: address(8001), weight: 100, metadata: {} });
    },
  },
  {
    title: 'law 2: snapshots are frozen, with everything in them',
    async run(trial) {
      const backend = await trial.connect();
      await trial.register(backend, 8000);
      checkFrozen(await trial.get(backend));
      const reading = await trial.read(backend);
      await trial.register(backend, 8001);
      await trial.eventually('the second instance', () => reading.last.instances.length === 2);
      reading.snapshots.forEach(checkFrozen);
    },
  },
  {
    title: 'law 2: who stays keeps its object, and each snapshot says who came and went',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const reading = await trial.read(reader);
      const guest = await trial.register(owner, 8001);
      await trial.eventually('the guest to come', () => reading.last.instances.length === 2);
      await trial.within('deregister', guest.deregister());
      await trial.eventually('the guest to go', () => reading.last.instances.length === 1);
      reading.check();
      assert.equal(reading.last.instances[0], reading.snapshots[0]?.instances[0]);
    },
  },
  {
    title: 'law 2: a changed instance is a new object under "changed", the others stay as they are',
    needs: ['fields'],
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      await trial.register(owner, 8000);
      const changing = await trial.register(owner, 8001, { metadata: { lane: 'a' } });
      const reading = await trial.read(reader);
      await trial.within('update', changing.update({ weight: 7, metadata: { lane: 'b' } }));
      await trial.eventually('the change', () => reading.last.instances[1]?.weight === 7);
      reading.check();
      assert.deepEqual(reading.last.changed, [changing.instance]);
      assert.deepEqual(reading.last.instances[1]?.metadata, { lane: 'b' });
    },
  },
  {
    title: 'law 3: a slow reader gets the newest snapshot, with what changed since it last looked',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const leaving = await trial.register(owner, 8000);
      const watch = reader.discovery.watch(trial.service);
      const slow = watch[Symbol.asyncIterator]();
      const first = await trial.within('the first snapshot', slow.next());
      const quick = await trial.read(reader);
      for (let port = 8001; port <= 8005; port++) await trial.register(owner, port);
      await trial.within('deregister', leaving.deregister());
      const newest = [8001, 8002, 8003, 8004, 8005].map(address);
      await trial.eventually('a quick reader to see everything', () => ids(quick.last).join() === newest.join());
      const second = await trial.within('the next snapshot of the slow reader', slow.next());
      const [before, after] = [first.value as Snapshot, second.value as Snapshot];
      assert.deepEqual(ids(after), newest);
      checkDiff(before, after);
      quick.check();
      watch.close();
    },
  },
  {
    title: 'law 3: revisions are decimal numbers that never go back, and grow with a change',
    async run(trial) {
      const [owner, reader] = [await trial.connect(), await trial.connect()];
      const reading = await trial.read(reader);
      let before = BigInt((await trial.get(reader)).revision);
      for (let port = 8000; port < 8005; port++) {
        const registration = await trial.register(owner, port);
        if (port % 2 === 0) await trial.within('deregister', registration.deregister());
        const { revision } = await trial.get(reader);
        assert.match(revision, /^\d+$/);
        assert.ok(BigInt(revision) > before, `revision ${revision} after a change that came after ${before}`);
        before = BigInt(revision);
      }
      await trial.eventually('the watch to see two instances', () => reading.last.instances.length === 2);
      reading.check();
      assert.ok(BigInt(reading.last.revision) <= BigInt((await trial.get(reader)).revision), 'a later get is not older than the watch');
    },
  },
];

function checkFrozen(value: unknown): void {
  // An error as the reason of staleness is no part of the state; nobody freezes errors.
  if (typeof value !== 'object' || value === null || value instanceof Error) return;
  assert.ok(Object.isFrozen(value), `not frozen: ${JSON.stringify(value)}`);
  Object.values(value).forEach(checkFrozen);
}
