/** The service of proto/simple.proto: its contract, loaded at run time, the server's answer, and a client's call as a promise. */
import { fileURLToPath } from 'node:url';

import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  type ClientUnaryCall,
  type handleUnaryCall,
  loadPackageDefinition,
  type Metadata,
  type requestCallback,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface SimpleRequest {
  data: string;
}

export interface SimpleResponse {
  code: number;
  value: string;
}

export interface SimpleClient extends Client {
  route(request: SimpleRequest, metadata: Metadata, options: CallOptions, callback: requestCallback<SimpleResponse>): ClientUnaryCall;
  route(request: SimpleRequest, options: CallOptions, callback: requestCallback<SimpleResponse>): ClientUnaryCall;
}

const definition = loadSync(fileURLToPath(new URL('../proto/simple.proto', import.meta.url)), { defaults: true });
const { Simple } = loadPackageDefinition(definition) as unknown as { Simple: ServiceClientConstructor };

export const SimpleClient = Simple as unknown as new (target: string, credentials: ChannelCredentials, options?: ChannelOptions) => SimpleClient;
export const simpleService = Simple.service;

/** The server's side of Simple.Route. */
export const route: handleUnaryCall<SimpleRequest, SimpleResponse> = (call, callback) => {
  console.log(`receive: ${call.request.data}`);
  callback(null, { code: 200, value: `hello ${call.request.data}` });
};

/** The client's side of Simple.Route; fails with the call's status, after ten seconds at the latest. */
export function call(client: SimpleClient, data: string): Promise<SimpleResponse> {
  return new Promise((resolve, reject) => {
    client.route({ data }, { deadline: Date.now() + 10_000 }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no response'));
      else resolve(response);
    });
  });
}
