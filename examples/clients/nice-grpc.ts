/** A client and a server of nice-grpc, by the generic definitions that ts-proto generates. */
import { credentials } from '@grpc/grpc-js';
import { createChannel, createClient, createServer } from 'nice-grpc';
import { connect } from 'rollcall';
import { registerResolver } from 'rollcall/grpc';

import { SimpleDefinition } from './generated/nice-grpc/simple.js';
import { serveNice } from './nice-grpc-server.js';

const rollcall = await connect('memory:');
const server = createServer();
server.add(SimpleDefinition, { route: ({ data }) => Promise.resolve({ code: 200, value: `hello ${data}` }) });
const serving = await serveNice(server, { registry: rollcall.registry, service: 'simple_grpc', host: '127.0.0.1' });

const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
const channel = createChannel('memory:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
const client = createClient(SimpleDefinition, channel);
console.log(await client.route({ data: 'nice-grpc' }, { signal: AbortSignal.timeout(10_000) }));

channel.close();
resolver.close();
await serving.stop();
await rollcall.close();
