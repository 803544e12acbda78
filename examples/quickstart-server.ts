import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { serve } from 'rollcall/grpc';

import { route, simpleService } from './simple.js'; // from your .proto

const { registry, close } = await connect(); // reads ROLLCALL_REGISTRY, e.g. etcd://127.0.0.1:2379
const server = new Server();
server.addService(simpleService, { route });
const serving = await serve(server, {
  registry,
  service: 'simple_grpc',
  bind: 'localhost:0', // port 0: the system chooses one
  credentials: ServerCredentials.createInsecure(),
});
const leave = (): void => void serving.stop().catch(console.error).finally(close);
process.once('SIGTERM', leave).once('SIGINT', leave);
