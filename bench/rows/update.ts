import { Client, credentials } from '@grpc/grpc-js';

import { createInstance, type ServiceInstance } from '../../src/core/instance.js';
import { endpointOf } from '../../src/grpc/endpoint.js';
import { registerResolver } from '../../src/grpc/register-resolver.js';
import type { Side } from '../measure.js';
import type { OpenRow, Row } from '../row.js';
import { spreadOf } from '../statistics.js';
import { startAddresses } from '../world/addresses.js';
import { cpuSince, settled } from '../world/cpu.js';
import { FedDiscovery } from '../world/fed-discovery.js';
import { GivenEndpoints } from '../world/given-resolver.js';
import type { Stage } from '../world/stage.js';

/** Enough that none is taken again before grpc-js's pool, which keeps connections for ten seconds, has let go of it. */
const spares = 400;

/** Updates in one round. */
const updates = 10;

type Kind = 'weight' | 'address';

/** Has the n-th update change one of the instances, and gives the new one. */
function change(instances: ServiceInstance[], spare: readonly string[], n: number): ServiceInstance {
  const place = (n * 7919) % instances.length;
  const former = instances[place];
  if (former === undefined) throw new Error('no instances');
  const { service, id } = former;
  const address = spare[n % spare.length];
  const instance = createInstance({ service, id, ...(address === undefined ? { address: former.address, weight: 1 + (n % 1000) } : { address }) });
  instances[place] = instance;
  return instance;
}

async function open(kind: Kind, size: number, { undo }: Stage): Promise<OpenRow> {
  const addresses = await startAddresses(size + (kind === 'address' ? spares : 0), undo);
  const spare = addresses.list.slice(size);
  const initial = addresses.list.slice(0, size).map((address, n) => createInstance({ service: 'svc', id: `i${String(n).padStart(5, '0')}`, address }));
  const own = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 };

  const fed = new FedDiscovery(initial);
  const resolver = registerResolver({ scheme: 'fed', discovery: fed.discovery });
  const ours = undo.add(new Client(resolver.target('svc'), credentials.createInsecure(), own), (client) => client.close());
  ours.getChannel().getConnectivityState(true);
  await addresses.connected(size);

  const given = new GivenEndpoints('given', initial.map((instance) => endpointOf(instance)));
  const config = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };
  const theirs = undo.add(new Client(given.target, credentials.createInsecure(), { ...own, ...config }), (client) => client.close());
  theirs.getChannel().getConnectivityState(true);
  await addresses.connected(2 * size);

  /** A client that opens one connection and closes it: what no policy saves where an instance moves. */
  const connections: number[] = [];
  const connectAlone = async (): Promise<void> => {
    const before = process.cpuUsage();
    for (const address of spare.slice(0, updates)) {
      const client = new Client(`ipv4:${address}`, credentials.createInsecure(), own);
      client.getChannel().getConnectivityState(true);
      await settled(10);
      client.close();
    }
    connections.push(cpuSince(before) / updates);
  };

  const busy: Record<Side, number[]> = { rollcall: [], peer: [] };
  /** Milliseconds of CPU for each update; what one side's instances are is its own affair. */
  const side = (name: Side, tell: (instances: readonly ServiceInstance[], newest: ServiceInstance) => void) => {
    const instances = [...initial];
    let n = 0;
    return async (): Promise<{ readonly cpu: number }> => {
      await settled(5);
      const loop = performance.eventLoopUtilization();
      const before = process.cpuUsage();
      for (let update = 0; update < updates; update++) {
        tell(instances, change(instances, spare, n++));
        await settled(kind === 'weight' ? 1 : 10);
      }
      const cost = cpuSince(before) / updates;
      busy[name].push(performance.eventLoopUtilization(loop).active / updates);
      return { cpu: cost };
    };
  };
  const theirUpdates = side('peer', (instances) => given.set(instances.map((instance) => endpointOf(instance))));
  return {
    rollcall: side('rollcall', (_, newest) => fed.put(newest)),
    peer: async () => {
      if (kind === 'address') await connectAlone();
      return theirUpdates();
    },
    remark: () => {
      const alone = kind === 'address' ? `${spreadOf(connections).median.toFixed(2)} ms of each are the connection to the new address; ` : '';
      return `${alone}the event loop was busy for ${spreadOf(busy.rollcall).median.toFixed(2)} and ${spreadOf(busy.peer).median.toFixed(2)} ms`;
    },
  };
}

const row = (kind: Kind, size: number): Row => {
  const change = kind === 'weight' ? 'changes its weight' : 'moves to another address';
  return {
    name: `update-${kind}-${size}`,
    what: `one of ${size.toLocaleString('en')} instances ${change}, all of them connected`,
    peer: "grpc-js's `round_robin`, given the whole list",
    metrics: [{ name: 'cpu', what: 'ms of CPU an update', ...(size >= 1000 ? { goals: [{ of: 'ratio', atMost: 0.1 }] } : {}) }],
    rounds: 30,
    series: { name: `update-${kind}`, title: `One instance ${change}`, of: 'instances', n: size },
    open: (stage) => open(kind, size, stage),
  };
};

export const updateRows: readonly Row[] = [100, 1000, 5000].flatMap((size) => [row('weight', size), row('address', size)]);
