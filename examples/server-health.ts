/** A server whose health follows something it depends on, and a client that checks it. `tsx examples/server-health.ts` needs no etcd. */
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { call, route, SimpleClient, simpleService } from './simple.js';

const { registry, discovery, close } = await connect('memory:');
const server = new Server();
server.addService(simpleService, { route });

const health = new HealthImplementation({ Simple: 'SERVING' });
const serving = await serve(server, { registry, service: 'simple_grpc', bind: 'localhost:0', credentials: ServerCredentials.createInsecure(), health });

const resolver = registerResolver({ scheme: 'memory', discovery, healthCheck: 'Simple' });
const client = new SimpleClient(resolver.target('simple_grpc'), credentials.createInsecure(), resolver.channelOptions());
console.log(await call(client, 'while it is well'));

// One service of the server is unwell: clients that check it go elsewhere. The record stays as it is.
health.setStatus('Simple', 'NOT_SERVING');
console.log(serving.state); // serving

// The whole server is unwell: as pause(), for every client.
health.setStatus('', 'NOT_SERVING');
console.log(serving.state); // paused
health.setStatus('', 'SERVING');
health.setStatus('Simple', 'SERVING');
console.log(serving.state); // serving

await serving.update({ weight: 50 });
console.log(serving.registration.instance.weight); // 50

client.close();
await serving.stop();
resolver.close();
await close();
