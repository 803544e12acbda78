import { setTimeout as wait } from 'node:timers/promises';

import type { SimpleClient } from '../../../examples/simple.js';
import { connect } from '../../../src/connect.js';
import type { Discovery } from '../../../src/core/ports.js';
import { registerResolver } from '../../../src/grpc/register-resolver.js';
import { call, simpleClient } from '../../../test/grpc/support/simple-service.js';
import { startEtcd } from '../../../test/support/etcd.js';
import { Replicas } from '../../../test/support/grpc/replicas.js';
import type { Teardown } from '../../faults/world/teardown.js';
import type { OpenRow, Row } from '../row.js';
import { cpuSince } from '../world/cpu.js';
import { staticClient } from '../world/static-client.js';

/** How long a round is, in milliseconds. */
const idleMs = 10_000;

/** So many channels, each of a service of its own, all of them connected and then left alone. */
async function open(channels: number, undo: Teardown): Promise<OpenRow> {
  const etcd = undo.add(await startEtcd(), (each) => each.stop());
  const replicas = undo.add(new Replicas(etcd.url(), 'svc'), (each) => each[Symbol.asyncDispose]());
  const { address } = await replicas.start();
  const services = Array.from({ length: channels }, (_, n) => `svc-${n}`);
  const writer = undo.add(await connect(etcd.url()), (each) => each.close());
  await Promise.all(services.map((service) => writer.registry.register({ service, address })));

  // One side at a time: what the other costs idle must not count here.
  let updates = 0;
  const idle = async (clients: readonly SimpleClient[], ended: () => Promise<void>): Promise<number> => {
    await Promise.all(clients.map((client) => call(client)));
    await wait(500);
    const before = process.cpuUsage();
    const told = updates;
    await wait(idleMs);
    const cost = cpuSince(before);
    if (updates !== told) throw new Error(`${updates - told} updates without a change`);
    for (const client of clients) client.close();
    await ended();
    await wait(500);
    return cost;
  };
  return {
    rollcall: async () => {
      const { discovery, close } = await connect(etcd.url());
      const counted = counting(discovery, () => {
        updates++;
      });
      const resolver = registerResolver({ scheme: 'etcd', discovery: counted });
      return idle(services.map((service) => simpleClient(resolver.target(service), { 'grpc.use_local_subchannel_pool': 1 })), async () => {
        resolver.close();
        await close();
      });
    },
    'grpc-js': () => idle(services.map(() => staticClient([address])), () => Promise.resolve()),
    remark: () => `${updates} snapshots in all, none of them without a change`,
  };
}

/** The same discovery, which tells of each snapshot that one of its watches delivers. */
function counting(discovery: Discovery, delivered: () => void): Discovery {
  const watch: Discovery['watch'] = (service, options) => {
    const made = discovery.watch(service, options);
    const subscribe = made.subscribe.bind(made);
    return Object.assign(made, {
      subscribe: (listener: Parameters<typeof subscribe>[0]) =>
        subscribe((snapshot) => {
          delivered();
          listener(snapshot);
        }),
    });
  };
  return new Proxy(discovery, {
    get: (of, name) => {
      if (name === 'watch') return watch;
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}

const row = (channels: number): Row => ({
  name: `idle-${channels}`,
  what: `${channels === 1 ? 'one idle channel' : `${channels} idle channels`}, each with a watch, beside as many with a static list: CPU time of the client in ${idleMs / 1000} s`,
  unit: 'ms',
  better: 'lower',
  rounds: 3,
  open: (undo) => open(channels, undo),
});

export const idleRows: readonly Row[] = [row(1), row(100)];
