/** Started with GRPC_TRACE=all: calls over everything of ours that grpc-js may print. Says who answered. */
import { registerResolver } from '../../../src/grpc/register-resolver.js';
import { fakeDiscovery } from './fake-discovery.js';
import { call, simpleClient, startServer } from './simple-service.js';

const server = await startServer('traced');
const { backend, discovery } = fakeDiscovery();
backend.set('svc', { address: server.address, metadata: { a: 'b' } });
const handle = registerResolver({ scheme: 'roll', discovery });
for (const policy of ['rollcall_round_robin', 'round_robin']) {
  const serviceConfig = JSON.stringify({ loadBalancingConfig: [{ outlier_detection: { child_policy: [{ [policy]: {} }] } }] });
  const client = simpleClient(handle.target('svc'), handle.channelOptions({ 'grpc.service_config': serviceConfig }));
  console.log(`answered by ${await call(client)}`);
  client.close();
}
handle.close();
await discovery.close();
server.stop();
