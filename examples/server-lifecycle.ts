/** A server with all of its life: signals, probes for Kubernetes, taken out and put back. `tsx examples/server-lifecycle.ts` needs no etcd. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { serve, stopOnSignals } from 'rollcall/grpc';

import { route, simpleService } from './simple.js';

const { registry, close } = await connect(process.env.ROLLCALL_REGISTRY ?? 'memory:');
const server = new Server();
server.addService(simpleService, { route });

const serving = await serve(server, {
  registry,
  service: 'simple_grpc',
  bind: 'localhost:0',
  credentials: ServerCredentials.createInsecure(),
  propagationDelay: 0.3,
  grace: 10,
});

// The first SIGTERM or SIGINT stops gracefully, a second one at once.
stopOnSignals(serving, { logger: console });

// Kubernetes asks here. Whether it is alive has nothing to do with the registry.
const probes = createServer(({ url }, response) => {
  const well = url === '/ready' ? serving.ready : serving.state !== 'stopped';
  response.writeHead(well ? 200 : 503).end(`${serving.state}, registration ${serving.registration.state}\n`);
});
probes.listen(Number(process.env.PROBE_PORT ?? 0), '127.0.0.1');
await once(probes, 'listening');
console.log(`probes on http://127.0.0.1:${(probes.address() as AddressInfo).port}`);

serving.subscribe(({ state, registration, ready }) => {
  console.log(state, registration, ready ? 'ready' : 'not ready');
  if (state !== 'stopped') return;
  probes.close();
  close().catch(console.error);
});

// Out for maintenance, and back: connections stay open, what still comes is served.
process.on('SIGHUP', () => {
  const change = serving.state === 'paused' ? serving.resume() : serving.pause();
  change.catch(console.error);
});
