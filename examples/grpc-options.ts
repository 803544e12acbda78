/** What rollcall/grpc offers beyond the plain case, each part once: docs/grpc.md explains them. */
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { call, route, SimpleClient, simpleService } from './simple.js';

const rollcall = await connect('memory:');
const server = new Server();
server.addService(simpleService, { route });

const serving = await serve(server, {
  registry: rollcall.registry,
  service: 'simple_grpc',
  bind: '0.0.0.0:0', // every interface, a port that the system chooses
  advertise: '127.0.0.1', // what clients dial; the bound port is added
  credentials: ServerCredentials.createInsecure(),
  version: '1.4.0',
  metadata: { team: 'orders' },
  ttl: 10,
  propagationDelay: 0.1,
  grace: 5,
});

// Two backends under one scheme: etcd:///simple_grpc and etcd://archive/simple_grpc.
const archive = await connect('memory:');
const live = registerResolver({ scheme: 'etcd', discovery: rollcall.discovery });
const old = registerResolver({ scheme: 'etcd', name: 'archive', discovery: archive.discovery, initialTimeout: 2 });

const options = live.channelOptions({
  'grpc.service_config': JSON.stringify({
    methodConfig: [{ name: [{ service: 'Simple' }], timeout: '2.5s' }],
  }),
});
const client = new SimpleClient(live.target('simple_grpc'), credentials.createInsecure(), options);
console.log(await call(client, 'from the live one'));

const archived = new SimpleClient(old.target('simple_grpc'), credentials.createInsecure(), old.channelOptions());
await call(archived, 'from the archive').catch((error: unknown) => {
  console.log(String(error)); // Error: 14 UNAVAILABLE: no instances of "simple_grpc" are registered (revision 1)
});

client.close();
archived.close();
live.close();
old.close();
await serving.stop();
await rollcall.close();
await archive.close();
