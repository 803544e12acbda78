import { credentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver } from 'rollcall/grpc';

import { call, SimpleClient } from './simple.js';

const { discovery, close } = await connect();
registerResolver({ scheme: 'etcd', discovery });
const client = new SimpleClient('etcd:///simple_grpc', credentials.createInsecure());
for (let i = 0; i < 4; i++) console.log(await call(client, `grpc ${i}`));
client.close();
await close();
