/**
 * TLS: clients ask for the certificate of the service name, or of a name they are given.
 * Usage: npx tsx examples/secure.ts ca.pem cert.pem key.pem, with a certificate for localhost
 */
import { readFile } from 'node:fs/promises';

import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { call, route, SimpleClient, simpleService } from './simple.js';

const [ca, cert, key] = await Promise.all(process.argv.slice(2).map((path) => readFile(path)));
if (ca === undefined || cert === undefined || key === undefined) throw new Error('usage: npx tsx examples/secure.ts ca.pem cert.pem key.pem');

const rollcall = await connect('memory:');
const server = new Server();
server.addService(simpleService, { route });
const serving = await serve(server, {
  registry: rollcall.registry,
  service: 'simple_grpc',
  bind: '127.0.0.1:0',
  credentials: ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]),
});
const resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });

const options = resolver.channelOptions({ 'grpc.ssl_target_name_override': 'localhost' });
const client = new SimpleClient('memory:///simple_grpc', credentials.createSsl(ca), options);
console.log(await call(client, 'in secret'));

const strict = new SimpleClient('memory:///simple_grpc', credentials.createSsl(ca), resolver.channelOptions());
await call(strict, 'in secret').catch((error: unknown) => {
  console.log(String(error)); // … the certificate is not one for "simple_grpc"
});

client.close();
strict.close();
resolver.close();
await serving.stop();
await rollcall.close();
