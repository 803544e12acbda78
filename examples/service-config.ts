/** How calls are made, said by the service, by the resolver's options and by one channel: docs/service-config.md explains each. */
import { credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve, withServiceConfig } from 'rollcall/grpc';

import { call, route, SimpleClient, simpleService } from './simple.js';

const rollcall = await connect('memory:');

// Every other attempt fails.
let attempts = 0;
const server = new Server();
server.addService(simpleService, {
  route: (request: Parameters<typeof route>[0], callback: Parameters<typeof route>[1]) => {
    attempts++;
    if (attempts % 2 === 1) callback({ code: status.UNAVAILABLE, details: `attempt ${attempts} came to nothing` });
    else route(request, callback);
  },
});

const serving = await serve(server, {
  registry: rollcall.registry,
  service: 'simple_grpc',
  bind: '127.0.0.1:0',
  credentials: ServerCredentials.createInsecure(),
  metadata: withServiceConfig(
    { team: 'orders' },
    {
      methodConfig: [
        {
          name: [{ service: 'Simple' }],
          timeout: '2.5s',
          retryPolicy: { maxAttempts: 3, initialBackoff: '0.05s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] },
        },
      ],
    },
  ),
});

const resolver = registerResolver({
  scheme: 'etcd',
  discovery: rollcall.discovery,
  policy: 'round_robin',
  serviceConfig: {
    methodConfig: [{ name: [{}], timeout: '10s' }], // whatever the service does not say itself
    retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
  },
  services: {
    reports: { serviceConfig: { methodConfig: [{ name: [{}], timeout: '60s' }] } },
  },
});

// By the config that the server published, the second attempt is made without the caller's doing.
const client = new SimpleClient('etcd:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
console.log(await call(client, 'with the published config'), `${attempts} attempts`);

// What a channel says goes before both: its entry for the method has a timeout and no retries.
const options = resolver.channelOptions({
  'grpc.service_config': JSON.stringify({
    methodConfig: [{ name: [{ service: 'Simple', method: 'Route' }], timeout: '0.5s' }],
  }),
});
const single = new SimpleClient('etcd:///simple_grpc', credentials.createInsecure(), options);
await call(single, 'without retries').catch((error: unknown) => {
  console.log(String(error)); // Error: 14 UNAVAILABLE: attempt 3 came to nothing
});

// A mistake is told at once, with its place.
try {
  const retryPolicy = { maxAttempts: 1, initialBackoff: '0.05s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] };
  registerResolver({ scheme: 'other', discovery: rollcall.discovery, serviceConfig: { methodConfig: [{ name: [{}], retryPolicy }] } });
} catch (error) {
  console.log(String(error)); // … methodConfig[0].retryPolicy.maxAttempts 1 is not a whole number from 2 to 5
}

// Two servers are asked, the second 30 ms after the first, and the first answer counts: for methods that may run twice.
const hedging = registerResolver({
  scheme: 'etcd',
  name: 'hedged',
  discovery: rollcall.discovery,
  serviceConfig: {
    methodConfig: [{ name: [{ service: 'Simple' }], hedgingPolicy: { maxAttempts: 2, hedgingDelay: '0.03s', nonFatalStatusCodes: ['UNAVAILABLE'] } }],
  },
});
const hedged = new SimpleClient(hedging.target('simple_grpc'), credentials.createInsecure(), hedging.channelOptions());
console.log(await call(hedged, 'hedged'));

// Instances that fail half of their calls are left alone for a while.
const cautious = registerResolver({
  scheme: 'etcd',
  name: 'cautious',
  discovery: rollcall.discovery,
  policy: {
    outlier_detection: {
      interval: '5s',
      baseEjectionTime: '20s',
      maxEjectionPercent: 34,
      failurePercentageEjection: { threshold: 50, minimumHosts: 3, requestVolume: 10 },
      childPolicy: 'round_robin',
    },
  },
});

for (const each of [client, single, hedged]) each.close();
for (const each of [resolver, hedging, cautious]) each.close();
await serving.stop();
await rollcall.close();
