import { credentials } from '@grpc/grpc-js';
import { GrpcTransport } from '@protobuf-ts/grpc-transport';
import { RpcError } from '@protobuf-ts/runtime-rpc';
import { expect } from 'chai';

import { SimpleClient } from '../../examples/clients/generated/protobuf-ts/simple.client.js';
import { describeClientKind } from './support/client-kind.js';

describeClientKind({
  name: '@protobuf-ts/grpc-transport',
  open(target, options) {
    const transport = new GrpcTransport({ host: target, channelCredentials: credentials.createInsecure(), clientOptions: options });
    const client = new SimpleClient(transport);
    return { call: async (data) => (await client.route({ data }, { timeout: 5000 }).response).value, close: () => transport.close() };
  },
  statusOf(error) {
    expect(error).to.be.instanceOf(RpcError);
    const { code, message } = error as RpcError;
    return { code, details: message };
  },
});
