/** Interceptors of grpc-js on both sides: the client's puts metadata on each call, the server's reads it. */
import { credentials, InterceptingCall, type Interceptor, Server, ServerCredentials, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { call, route, SimpleClient, simpleService } from '../simple.js';

const tagCalls: Interceptor = (options, next) =>
  new InterceptingCall(next(options), {
    start: (metadata, listener, begin) => {
      metadata.set('request-id', 'r-1');
      begin(metadata, listener);
    },
  });

const logTags: ServerInterceptor = (_method, intercepted) =>
  new ServerInterceptingCall(intercepted, {
    start: (begin) => {
      begin({
        onReceiveMetadata: (metadata, pass) => {
          console.log(`request-id: ${metadata.get('request-id').join()}`);
          pass(metadata);
        },
      });
    },
  });

const rollcall = await connect('memory:');
const server = new Server({ interceptors: [logTags] });
server.addService(simpleService, { route });
const serving = await serve(server, { registry: rollcall.registry, service: 'simple_grpc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() });

const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
const options = { ...resolver.channelOptions(), interceptors: [tagCalls] };
const client = new SimpleClient('memory:///simple_grpc', credentials.createInsecure(), options);
console.log(await call(client, 'an intercepted call'));

client.close();
resolver.close();
await serving.stop();
await rollcall.close();
