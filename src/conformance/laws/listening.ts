import assert from 'node:assert/strict';

import type { Snapshot } from '../../core/snapshot.js';
import type { ConformanceCase } from '../case.js';
import { address } from '../trial.js';

/** Law 12: a listener that throws harms nobody else. */
export const listening: readonly ConformanceCase[] = [
  {
    title: 'law 12: a listener of a watch that throws or rejects keeps nothing from the others',
    async run(trial) {
      const backend = await trial.connect();
      const watch = backend.discovery.watch(trial.service);
      let calls = 0;
      const rejections = await unhandled(async () => {
        watch.subscribe(() => {
          calls++;
          throw new Error('a listener that throws');
        });
        watch.subscribe(rejecting);
        const heard: Snapshot[] = [];
        watch.subscribe((snapshot) => {
          heard.push(snapshot);
        });
        const reading = await trial.read(backend);
        const iterator = watch[Symbol.asyncIterator]();
        await trial.within('a snapshot for the iterator', iterator.next());
        await trial.register(backend, 8000);
        await trial.eventually('the other reader to hear', () => reading.last.instances.length === 1);
        await trial.within('the iterator to hear', iterator.next());
        await trial.register(backend, 8001);
        await trial.eventually('the last listener to hear', () => heard.at(-1)?.instances.length === 2);
        await trial.eventually('another watch to hear', () => reading.last.instances.length === 2);
      });
      assert.ok(calls >= 2, 'the thrower is still called');
      assert.deepEqual(rejections, []);
      watch.close();
    },
  },
  {
    title: 'law 12: a listener of a registration that throws or rejects keeps nothing from the others, nor from the owner',
    async run(trial) {
      const [owner, successor] = [await trial.connect(), await trial.connect()];
      const registration = await trial.register(owner, 8000);
      const seen: string[] = [];
      const rejections = await unhandled(async () => {
        registration.subscribe(() => {
          throw new Error('a listener that throws');
        });
        registration.subscribe(rejecting);
        registration.subscribe((state) => {
          seen.push(state);
        });
        await trial.register(successor, 8000);
        await trial.eventually('the last listener to hear', () => seen.join() === 'superseded');
        const second = await trial.register(owner, 8001);
        second.subscribe(() => {
          throw new Error('a listener that throws');
        });
        await trial.within('deregister', second.deregister());
      });
      assert.equal((await trial.get(owner)).instances.find(({ id }) => id === address(8001)), undefined);
      assert.deepEqual(rejections, []);
    },
  },
];

/** What users write without a thought: the type asks for no promise, and takes one. */
const rejecting = (() => Promise.reject(new Error('a listener that rejects'))) as () => void;

/** Rejections that nobody handled during the work. The runner's own handlers would fail the run before the case could. */
async function unhandled(work: () => Promise<void>): Promise<readonly unknown[]> {
  const event = 'unhandledRejection';
  const others = process.listeners(event);
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  process.removeAllListeners(event);
  process.on(event, note);
  try {
    await work();
    // They are reported once the microtasks of a turn are done.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off(event, note);
    for (const other of others) process.on(event, other);
  }
  return seen;
}
