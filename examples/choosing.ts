/** Whom calls go to, and what a client does when the registry says something odd: docs/grpc.md explains each part. */
import { credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { connect, parseGuardOptions, parseSelectionOptions, select, SnapshotGuard, systemClock } from 'rollcall';
import { registerResolver, serve, type ServingHandle } from 'rollcall/grpc';

import { SimpleClient, type SimpleRequest, type SimpleResponse, simpleService } from './simple.js';

const rollcall = await connect('memory:');

/** A server of its own that answers with its name. */
async function start(id: string, about: { readonly weight?: number; readonly version?: string; readonly zone?: string; readonly metadata?: Record<string, string> }): Promise<ServingHandle> {
  const server = new Server();
  server.addService(simpleService, {
    route: (_call: unknown, callback: (error: null, response: SimpleResponse) => void) => {
      callback(null, { code: 200, value: id });
    },
  });
  const { registry } = rollcall;
  return serve(server, { registry, service: 'orders', id, bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0.05, ...about });
}

const servers: ServingHandle[] = [
  await start('a', { weight: 300, version: '1.4.0', zone: 'eu-1a' }),
  await start('b', { weight: 100, version: '1.4.1', zone: 'eu-1b' }),
  await start('canary', { version: '2.0.0', zone: 'eu-1a', metadata: { lane: 'canary' } }),
];

function call(client: SimpleClient, metadata = new Metadata()): Promise<string> {
  const request: SimpleRequest = { data: 'x' };
  return new Promise((resolve, reject) => {
    client.route(request, metadata, { deadline: Date.now() + 5000 }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no response'));
      else resolve(response.value);
    });
  });
}

async function answers(client: SimpleClient, count: number, metadata?: Metadata): Promise<string> {
  const all: string[] = [];
  for (let i = 0; i < count; i++) all.push(await call(client, metadata));
  return [...new Set(all)].sort().map((name) => `${name} ${all.filter((each) => each === name).length}`).join(', ');
}

const { discovery } = rollcall;

const resolver = registerResolver({
  scheme: 'etcd',
  discovery,
  policy: 'weighted_round_robin',
  filter: { metadata: { lane: '!canary' } },
  services: {
    search: { policy: { ring_hash: { metadataKey: 'user-id' } }, subset: 20 },
  },
});
const client = new SimpleClient('etcd:///orders', credentials.createInsecure(), resolver.channelOptions());
console.log(await answers(client, 40)); // a 30, b 10

// The testers' clients: only the canary.
const testers = registerResolver({ scheme: 'etcd', name: 'testers', discovery, filter: 'lane=canary,version=2.*' });
const tester = new SimpleClient('etcd://testers/orders', credentials.createInsecure(), testers.channelOptions());
console.log(await answers(tester, 5)); // canary 5

// Calls stay in the zone while at least half of its instances are well.
const local = registerResolver({
  scheme: 'etcd',
  name: 'local',
  discovery,
  zone: { local: 'eu-1b', fallback: ['eu-1a'], minHealthy: 1, minHealthyPercent: 50 },
});
const near = new SimpleClient('etcd://local/orders', credentials.createInsecure(), local.channelOptions());
console.log(await answers(near, 5)); // b 5

// A few of many: which ones depends on the key and the instances only, so a restart calls the same again.
const few = registerResolver({ scheme: 'etcd', name: 'few', discovery, subset: { size: 2, key: 'client-7' } });
const frugal = new SimpleClient('etcd://few/orders', credentials.createInsecure(), few.channelOptions());
console.log((await answers(frugal, 4)).split(', ').length); // 2

// The same user always comes to the same server.
const sticky = registerResolver({ scheme: 'etcd', name: 'sticky', discovery, policy: { ring_hash: { metadataKey: 'user-id' } } });
const user = new SimpleClient('etcd://sticky/orders', credentials.createInsecure(), sticky.channelOptions());
const metadata = new Metadata();
metadata.set('user-id', '4711');
console.log((await answers(user, 5, metadata)).endsWith(' 5')); // true

// The less busy one of two; newcomers warm up for half a minute; unhealthy instances are left out.
const careful = registerResolver({
  scheme: 'etcd',
  name: 'careful',
  discovery,
  policy: { least_request: { choiceCount: 2 } },
  slowStart: { window: 30, minShare: 0.1, aggression: 1 },
  healthCheck: true,
});
const warm = new SimpleClient('etcd://careful/orders', credentials.createInsecure(), careful.channelOptions());
await call(warm);

// What the registry says is believed at once, but for a mass loss, an empty list, and trouble that lasts for an hour.
const guarded = registerResolver({
  scheme: 'etcd',
  name: 'guarded',
  discovery,
  onEmpty: 'keep',
  maxLoss: 0.5,
  lossWindow: 2,
  holdFor: 30,
  staleBudget: 3600,
});
const cautious = new SimpleClient('etcd://guarded/orders', credentials.createInsecure(), guarded.channelOptions());
await call(cautious);
await Promise.all(servers.map((server) => server.registration.deregister()));
while (guarded.channels[0]?.holding === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(await answers(cautious, 3)); // a 1, b 1, canary 1
console.log(guarded.channels[0].holding.detail); // holding 3 of 3 instances …

// Without gRPC: the same choice out of a snapshot.
servers.push(await start('c', { weight: 0 }));
const rules = parseSelectionOptions({ filter: 'version=1.4.*', zone: 'eu-1a' }, 'this program');
const guard = new SnapshotGuard(parseGuardOptions({ maxLoss: 0.5 }, 'this program'), systemClock);
const { instances } = guard.update(await discovery.get('orders'));
const { candidates, reason } = select(instances, rules, { service: 'orders', clientKey: 'this program' });
console.log(candidates.length, reason); // 0 every instance of "orders" has weight 0 (draining)

const explanation = await resolver.explain('orders');
console.log(explanation.sentence); // nobody is called: every instance of "orders" has weight 0 (draining)
for (const { id, kept, reason: why, detail } of explanation.records) console.log(id, kept, why, detail); // c false draining its weight is 0

for (const each of [client, tester, near, frugal, user, warm, cautious]) each.close();
for (const each of [resolver, testers, local, few, sticky, careful, guarded]) each.close();
await Promise.all(servers.map((server) => server.stop()));
await rollcall.close();
