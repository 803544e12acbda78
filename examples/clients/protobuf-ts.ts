/** A client of protobuf-ts over its transport for grpc-js. */
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { GrpcTransport } from '@protobuf-ts/grpc-transport';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { route, simpleService } from '../simple.js';
import { SimpleClient } from './generated/protobuf-ts/simple.client.js';

const rollcall = await connect('memory:');
const server = new Server();
server.addService(simpleService, { route });
const serving = await serve(server, { registry: rollcall.registry, service: 'simple_grpc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() });

const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
const transport = new GrpcTransport({
  host: 'memory:///simple_grpc',
  channelCredentials: credentials.createInsecure(),
  clientOptions: resolver.channelOptions(),
});
const client = new SimpleClient(transport);
const { response } = await client.route({ data: 'protobuf-ts' }, { timeout: 10_000 });
console.log(response.value);

transport.close();
resolver.close();
await serving.stop();
await rollcall.close();
