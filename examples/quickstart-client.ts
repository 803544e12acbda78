import { credentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver } from 'rollcall/grpc';

import { call, SimpleClient } from './simple.js'; // from your .proto

const { discovery, close } = await connect();
const resolver = registerResolver({ scheme: 'etcd', discovery });
const client = new SimpleClient('etcd:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
for (let i = 0; i < 4; i++) console.log(await call(client, `grpc ${i}`));
client.close();
resolver.close();
await close();
