/** What programs in Go do with grpc-go and etcd's naming package, done here: docs/coming-from-grpc-go.md has them side by side. */
import { connectivityState, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver, serve } from 'rollcall/grpc';

import { route, SimpleClient, type SimpleResponse, simpleService } from './simple.js';

const rollcall = await connect(process.env.ROLLCALL_REGISTRY ?? 'memory:');

// resolver.Register(builder); grpc.NewClient("etcd:///simple_grpc", …)
const resolver = registerResolver({
  scheme: 'etcd',
  discovery: rollcall.discovery,
  policy: 'round_robin',
  serviceConfig: { methodConfig: [{ name: [{ service: 'Simple' }], timeout: '5s' }] },
});
const client = new SimpleClient('etcd:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());

/** ctx, cancel := context.WithTimeout(ctx, ms); client.Route(ctx, …, grpc.WaitForReady(waitForReady)) */
function send(data: string, ms: number, waitForReady = false): Promise<SimpleResponse> {
  const metadata = new Metadata();
  metadata.setOptions({ waitForReady });
  return new Promise((resolve, reject) => {
    client.route({ data }, metadata, { deadline: Date.now() + ms }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no response'));
      else resolve(response);
    });
  });
}

// Nobody serves yet. status.Code(err) == codes.Unavailable
await send('too early', 1000).catch((error: unknown) => {
  const { code, details } = error as ServiceError;
  console.log(status[code], details); // UNAVAILABLE no instances of "simple_grpc" are registered (revision 1)
});
const patient = send('patient', 10_000, true);

// em.AddEndpoint(ctx, "simple_grpc/…", endpoints.Endpoint{Addr: …}, clientv3.WithLease(id)), with the lease kept alive for you
const server = new Server();
server.addService(simpleService, { route });
const serving = await serve(server, {
  registry: rollcall.registry,
  service: 'simple_grpc',
  bind: '127.0.0.1:0',
  credentials: ServerCredentials.createInsecure(),
  metadata: { team: 'orders' },
});
console.log(await patient);

// The same for a server that is not yours to start, or no gRPC server at all.
const registration = await rollcall.registry.register({ service: 'reports', address: '10.0.0.1:8000', weight: 50 }, { ttl: 10 });
console.log(registration.state, registration.instance.id);

// w, _ := em.NewWatchChannel(ctx): whole snapshots instead of single updates, and no channel that closes on trouble
const watch = rollcall.discovery.watch('simple_grpc');
for await (const { status: health, instances } of watch) {
  console.log(health, instances.length, instances[0]?.metadata.team);
  break;
}

// cc.GetState(); cc.Connect(); cc.WaitForStateChange(ctx, connectivity.Idle)
const channel = client.getChannel();
console.log(connectivityState[channel.getConnectivityState(false)]);

await registration.deregister();
client.close();
resolver.close();
await serving.stop(); // s.GracefulStop(), after the record is gone and clients have heard of it
await rollcall.close();
