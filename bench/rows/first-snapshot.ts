import { Etcd3 } from 'etcd3';

import { connect } from '../../src/connect.js';
import type { OpenRow, Row } from '../row.js';
import { eachOf, upTo } from '../world/each-of.js';
import { recordOf } from '../world/records.js';
import type { Stage } from '../world/stage.js';

async function open(count: number, stage: Stage): Promise<OpenRow> {
  const [url, endpoint, etcd3] = [await stage.url(), await stage.endpoint(), await stage.etcd3()];
  await eachOf(upTo(count), 64, (n) => {
    const { key, value } = recordOf('svc', n);
    return etcd3.put(key).value(value).exec();
  });
  const check = (found: number): void => {
    if (found !== count) throw new Error(`${found} instead of ${count} instances`);
  };
  return {
    rollcall: async () => {
      const began = performance.now();
      const { discovery, close } = await connect(url);
      const watch = discovery.watch('svc');
      for await (const { instances } of watch) {
        check(instances.length);
        break;
      }
      const time = performance.now() - began;
      await close();
      return { time };
    },
    peer: async () => {
      const began = performance.now();
      const client = new Etcd3({ hosts: `http://${endpoint}` });
      const { kvs } = await client.getAll().prefix('/rollcall/svc/').exec();
      check(kvs.length);
      const time = performance.now() - began;
      client.close();
      return { time };
    },
  };
}

const row = (count: number): Row => ({
  name: `first-snapshot-${count}`,
  what: `the first snapshot of ${count.toLocaleString('en')} instances, connection included`,
  peer: "etcd3's `getAll().prefix()`, which decodes nothing",
  metrics: [{ name: 'time', what: 'ms until it is there', ...(count >= 10_000 ? { goals: [{ of: 'ratio', atMost: 1.5 }] } : {}) }],
  rounds: 20,
  series: { name: 'first-snapshot', title: 'First snapshot, cold', of: 'instances', n: count },
  open: (stage) => open(count, stage),
});

export const firstSnapshotRows: readonly Row[] = [100, 1_000, 10_000].map(row);
