/**
 * TLS where each instance has a certificate of its own name, which it publishes in its metadata.
 * Usage: npx tsx examples/clients/server-names.ts ca.pem a.pem a.key b.pem b.key, with certificates for a.internal and b.internal
 */
import { readFile } from 'node:fs/promises';

import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve, type ServingHandle } from 'rollcall/grpc';

import { call, SimpleClient, simpleService } from '../simple.js';

const rollcall = await connect('memory:');

async function start(name: string, cert: Buffer, key: Buffer): Promise<ServingHandle> {
  const server = new Server();
  server.addService(simpleService, {
    route: (_call: unknown, callback: (error: null, response: { code: number; value: string }) => void) => {
      callback(null, { code: 200, value: `hello from ${name}` });
    },
  });
  return serve(server, {
    registry: rollcall.registry,
    service: 'simple_grpc',
    metadata: { tls_server_name: name },
    bind: '127.0.0.1:0',
    credentials: ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]),
  });
}

const [ca, certA, keyA, certB, keyB] = await Promise.all(process.argv.slice(2).map((path) => readFile(path)));
if (ca === undefined || certA === undefined || keyA === undefined || certB === undefined || keyB === undefined) throw new Error('usage: see above');
const servings = [await start('a.internal', certA, keyA), await start('b.internal', certB, keyB)];

const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery, serverName: 'metadata.tls_server_name' });
const client = new SimpleClient('memory:///simple_grpc', credentials.createSsl(ca), resolver.channelOptions());
console.log(await call(client, 'one'), await call(client, 'two'));

client.close();
resolver.close();
for (const serving of servings) await serving.stop();
await rollcall.close();
