/** Registers and watches, and then has nothing to do: `idler.ts <rollcall|etcd3> <endpoint> <count>`. */
import { setTimeout as wait } from 'node:timers/promises';

import { Etcd3 } from 'etcd3';

import { connect } from '../../src/connect.js';
import { answering } from '../world/answering.js';
import { eachOf, upTo } from '../world/each-of.js';
import { instanceOf, recordOf } from '../world/records.js';

export interface IdlerQuestion {
  /** For how long to do nothing. */
  readonly ms: number;
}

export interface IdlerAnswer {
  /** Percent of one core. */
  readonly cpu: number;
  /** Snapshots, or events, that came meanwhile. */
  readonly news: number;
}

const [side = '', endpoint = '', count = ''] = process.argv.slice(2);
const services = upTo(Number(count)).map((n) => `svc-${n}`);
let news = 0;

async function startRollcall(): Promise<void> {
  const { registry, discovery } = await connect(`etcd://${endpoint}/rollcall`);
  await Promise.all(services.map((service) => registry.register(instanceOf(service, 1))));
  for (const service of services) {
    discovery.watch(service).subscribe(() => {
      news++;
    });
  }
}

async function startEtcd3(): Promise<void> {
  const client = new Etcd3({ hosts: `http://${endpoint}` });
  const lease = client.lease(5);
  await eachOf(services, 64, async (service) => {
    const { key, value } = recordOf(service, 1);
    await lease.put(key).value(value).exec();
    const watcher = await client.watch().prefix(`/rollcall/${service}/`).create();
    watcher.on('put', () => {
      news++;
    });
  });
}

await (side === 'rollcall' ? startRollcall() : startEtcd3());

answering(async (question) => {
  const { ms } = question as IdlerQuestion;
  // What the start left is over by then.
  await wait(2000);
  const before = process.cpuUsage();
  const [began, told] = [performance.now(), news];
  await wait(ms);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 10 / (performance.now() - began), news: news - told } satisfies IdlerAnswer;
});
