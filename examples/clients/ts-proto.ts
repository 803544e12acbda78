/** A client and a server of grpc-js, typed by what ts-proto generates with outputServices=grpc-js. */
import { credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { SimpleClient, type SimpleResponse, type SimpleServer, SimpleService } from './generated/ts-proto/simple.js';

const simple: SimpleServer = {
  route: (call, callback) => {
    callback(null, { code: 200, value: `hello ${call.request.data}` });
  },
};

const rollcall = await connect('memory:');
const server = new Server();
server.addService(SimpleService, simple);
const serving = await serve(server, { registry: rollcall.registry, service: 'simple_grpc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() });

const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
const client = new SimpleClient('memory:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
const answer = await new Promise<SimpleResponse>((resolve, reject) => {
  client.route({ data: 'ts-proto' }, new Metadata(), { deadline: Date.now() + 10_000 }, (error, response) => {
    if (error === null) resolve(response);
    else reject(error);
  });
});
console.log(answer);

client.close();
resolver.close();
await serving.stop();
await rollcall.close();
