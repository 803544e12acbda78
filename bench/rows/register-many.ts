import { connect } from '../../src/connect.js';
import type { OpenRow, Row } from '../row.js';
import { eachOf, upTo } from '../world/each-of.js';
import { instanceOf, recordOf } from '../world/records.js';
import type { Stage } from '../world/stage.js';

async function open(count: number, stage: Stage): Promise<OpenRow> {
  const [url, etcd3] = [await stage.url(), await stage.etcd3()];
  const numbers = upTo(count);
  const leases = async (): Promise<number> => (await etcd3.leaseClient.leaseLeases()).leases.length;
  let held = 0;
  return {
    rollcall: async () => {
      // However slow the machine is: what is asked is how long it takes.
      const { registry, close } = await connect(`${url}?requestTimeout=120`);
      const before = await leases();
      const began = performance.now();
      await Promise.all(numbers.map((n) => registry.register(instanceOf('svc', n))));
      const time = performance.now() - began;
      held = (await leases()) - before;
      await close();
      return { time };
    },
    peer: async () => {
      const lease = etcd3.lease(30);
      const began = performance.now();
      await eachOf(numbers, 64, (n) => {
        const { key, value } = recordOf('svc', n);
        return lease.put(key).value(value).exec();
      });
      const time = performance.now() - began;
      await lease.revoke();
      return { time };
    },
    remark: () => `all of rollcall's under ${held} lease${held === 1 ? '' : 's'}`,
  };
}

const row = (count: number): Row => ({
  name: `register-${count}`,
  what: `${count.toLocaleString('en')} instances are registered by one process`,
  peer: "etcd3's `lease.put`, 64 at a time",
  metrics: [{ name: 'time', what: 'ms until all are stored', ...(count >= 1_000 ? { goals: [{ of: 'ratio', atMost: 0.1 }] } : {}) }],
  rounds: 9,
  series: { name: 'register', title: 'Registering from one process', of: 'instances', n: count },
  open: (stage) => open(count, stage),
});

export const registerManyRows: readonly Row[] = [100, 1_000, 10_000].map(row);
