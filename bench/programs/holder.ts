/** Says how much memory something takes that a process holds: `holder.ts <what> <endpoint> <count>`. */
import { setTimeout as wait } from 'node:timers/promises';

import { Etcd3 } from 'etcd3';

import { connect } from '../../src/connect.js';
import { answering } from '../world/answering.js';
import { eachOf, upTo } from '../world/each-of.js';

export interface HolderAnswer {
  /** Bytes of the heap and beside it, grown. */
  readonly heap: number;
  /** Bytes of the process, grown. */
  readonly rss: number;
}

const [what = '', endpoint = '', count = ''] = process.argv.slice(2);
const n = Number(count);
/** Never let go of. */
const held: unknown[] = [];

async function settled(): Promise<HolderAnswer> {
  for (let turn = 0; turn < 5; turn++) {
    global.gc?.();
    await wait(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

const holders: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  /** So many services, each watched. */
  'rollcall-services': async () => {
    const { discovery } = await connect(`etcd://${endpoint}/rollcall`);
    const watch = (service: string): Promise<void> =>
      new Promise((resolve) => {
        const made = discovery.watch(service);
        held.push(made);
        made.subscribe(() => resolve());
      });
    await watch('first');
    return () => Promise.all(upTo(n).map((each) => watch(`svc-${each}`)));
  },
  'etcd3-services': async () => {
    const client = new Etcd3({ hosts: `http://${endpoint}` });
    const watch = async (service: string): Promise<void> => {
      const watcher = await client.watch().prefix(`/rollcall/${service}/`).create();
      watcher.on('put', () => undefined).on('delete', () => undefined);
      held.push(watcher);
    };
    await watch('first');
    return () => eachOf(upTo(n), 64, (each) => watch(`svc-${each}`));
  },
  /** One service of so many instances. */
  'rollcall-instances': async () => {
    const { discovery } = await connect(`etcd://${endpoint}/rollcall`);
    const watch = (service: string): Promise<void> =>
      new Promise((resolve) => {
        const made = discovery.watch(service);
        held.push(made);
        made.subscribe(() => resolve());
      });
    await watch('first');
    return () => watch('svc');
  },
  'json-instances': async () => {
    const client = new Etcd3({ hosts: `http://${endpoint}` });
    const list = async (service: string): Promise<void> => {
      const { kvs } = await client.getAll().prefix(`/rollcall/${service}/`).exec();
      held.push(kvs.map(({ value }) => JSON.parse(value.toString()) as unknown));
    };
    await list('first');
    return () => list('svc');
  },
};

const hold = await holders[what]?.();
if (hold === undefined) throw new Error(`no holder ${what}`);

answering(async () => {
  const before = await settled();
  await hold();
  const after = await settled();
  return { heap: after.heap - before.heap, rss: after.rss - before.rss } satisfies HolderAnswer;
});
