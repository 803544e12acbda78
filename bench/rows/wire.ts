import { setTimeout as wait } from 'node:timers/promises';

import { connect } from '../../src/connect.js';
import { startRelay } from '../faults/world/relay.js';
import type { OpenRow, Row } from '../row.js';
import { eachOf, upTo } from '../world/each-of.js';
import { instanceOf, recordOf } from '../world/records.js';
import type { Stage } from '../world/stage.js';

/** How long a client does nothing, in milliseconds; how many instances there are, and how many of them change. */
const [idleMs, instances, changes] = [15_000, 1_000, 50];

async function open(stage: Stage): Promise<OpenRow> {
  const [endpoint, etcd3] = [await stage.endpoint(), await stage.etcd3()];
  const write = async (n: number, weight: number): Promise<void> => {
    const { key, value } = recordOf('svc', n, { weight });
    await etcd3.put(key).value(value).exec();
  };
  await eachOf(upTo(instances), 64, (n) => write(n, 100));
  let weight = 100;
  return {
    rollcall: async () => {
      const relay = await startRelay(endpoint);
      const through = (): ReturnType<typeof connect> => connect(`etcd://${relay.address}/rollcall`);
      const during = async (act: () => Promise<unknown>): Promise<number> => {
        const before = relay.bytes;
        await act();
        return relay.bytes - before;
      };
      try {
        const reader = await through();
        const watch = reader.discovery.watch('svc');
        const listed = await during(() => new Promise<void>((resolve) => watch.subscribe(() => resolve())));
        await wait(500);
        const watching = (await during(() => wait(idleMs))) / (idleMs / 1000);
        weight++;
        // Slowly enough that none waits for another, and not so slowly that signs of life come in between.
        const changed = await during(async () => {
          for (let n = 0; n < changes; n++) {
            await write(n, weight);
            await wait(20);
          }
          await wait(200);
        });
        await reader.close();
        const owner = await through();
        await owner.registry.register(instanceOf('own', 1));
        await wait(500);
        const owning = (await during(() => wait(idleMs))) / (idleMs / 1000);
        await owner.close();
        return { listed: listed / instances, watching, changed: changed / changes, owning };
      } finally {
        await relay.close();
      }
    },
  };
}

export const wireRow: Row = {
  name: 'wire',
  what: `what goes over the wire between one process and etcd, both directions, without TCP's own headers; records of about ${recordOf('svc', 1).value.length} bytes`,
  metrics: [
    { name: 'listed', what: 'bytes of a first list for each instance' },
    { name: 'changed', what: 'bytes for each change, to each process that watches' },
    { name: 'watching', what: 'bytes a second of a process that watches, while nothing changes' },
    { name: 'owning', what: 'bytes a second of a process that is registered, with a lease of 5 s' },
  ],
  rounds: 3,
  open,
};
