import { credentials, Metadata, Server, status } from '@grpc/grpc-js';

import { SimpleClient, type SimpleServer, SimpleService } from '../../examples/clients/generated/ts-proto/simple.js';
import { answerLater, describeClientKind } from './support/client-kind.js';

describeClientKind({
  name: 'ts-proto',
  open(target, options) {
    const client = new SimpleClient(target, credentials.createInsecure(), options);
    const call = (data: string): Promise<string> =>
      new Promise((resolve, reject) => {
        client.route({ data }, new Metadata(), { deadline: Date.now() + 5000 }, (error, response) => {
          if (error === null) resolve(response.value);
          else reject(error);
        });
      });
    return { call, close: () => client.close() };
  },
  statusOf(error) {
    const { code, details } = error as { code: number; details: string };
    return { code: status[code]!, details };
  },
  server(name) {
    const server = new Server();
    const implementation: SimpleServer = {
      route: (_call, callback) => {
        answerLater(name, callback);
      },
    };
    server.addService(SimpleService, implementation);
    return server;
  },
});
