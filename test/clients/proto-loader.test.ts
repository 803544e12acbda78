import { status } from '@grpc/grpc-js';

import { call, simpleClient } from '../grpc/support/simple-service.js';
import { describeClientKind } from './support/client-kind.js';

describeClientKind({
  name: '@grpc/proto-loader',
  open(target, options) {
    const client = simpleClient(target, options);
    return { call: (data) => call(client, data), close: () => client.close() };
  },
  statusOf(error) {
    const { code, details } = error as { code: number; details: string };
    return { code: status[code]!, details };
  },
});
