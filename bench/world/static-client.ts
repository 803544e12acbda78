import type { SimpleClient } from '../../examples/simple.js';
import { simpleClient } from '../../test/grpc/support/simple-service.js';

/** A client of a fixed list under grpc-js's own round_robin, with connections of its own. */
export function staticClient(addresses: readonly string[]): SimpleClient {
  return simpleClient(`ipv4:${addresses.join(',')}`, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
}
