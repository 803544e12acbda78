import { once } from 'node:events';
import { createServer, type Server as TcpServer } from 'node:net';

import { type CallOptions, type Client, type connectivityState, credentials, Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type ServiceError } from '@grpc/grpc-js';

import { SimpleClient, type SimpleRequest, type SimpleResponse, simpleService } from '../../../examples/simple.js';

/** A real server of the Simple service that says who it is. */
export interface NamedServer {
  readonly name: string;
  readonly address: string;
  readonly server: Server;
  readonly calls: string[];
  /** Client sides of the connections that calls came over. */
  readonly peers: Set<string>;
  stop(): void;
}

export function simpleServer(name: string, options: { readonly calls?: string[]; readonly peers?: Set<string>; readonly hold?: Promise<unknown> } = {}): Server {
  const server = new Server();
  server.addService(simpleService, {
    route(call: ServerUnaryCall<SimpleRequest, SimpleResponse>, callback: sendUnaryData<SimpleResponse>) {
      options.calls?.push(call.request.data);
      options.peers?.add(call.getPeer());
      const answer = (): void => {
        callback(null, { code: 200, value: name });
      };
      if (options.hold === undefined) answer();
      else void options.hold.then(answer);
    },
  });
  return server;
}

export async function startServer(name: string, options: { readonly hold?: Promise<unknown>; readonly port?: number } = {}): Promise<NamedServer> {
  const calls: string[] = [];
  const peers = new Set<string>();
  const server = simpleServer(name, { calls, peers, ...options });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { name, address: `127.0.0.1:${port}`, server, calls, peers, stop: () => server.forceShutdown() };
}

export function simpleClient(target: string, options: Record<string, unknown> = {}): SimpleClient {
  return new SimpleClient(target, credentials.createInsecure(), options);
}

/** Who answered. Fails with the call's status. */
export function call(client: SimpleClient, data = 'x', options: CallOptions = { deadline: Date.now() + 5000 }): Promise<string> {
  return new Promise((resolve, reject) => {
    client.route({ data }, options, (error, response) => {
      if (response === undefined) reject(error ?? new Error('neither error nor response'));
      else resolve(response.value);
    });
  });
}

export async function callMany(client: SimpleClient, count: number): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i++) answers.push(await call(client, String(i)));
  return answers;
}

/** The status of a call that is to fail. */
export async function failure(client: SimpleClient, options?: CallOptions): Promise<ServiceError> {
  try {
    await call(client, 'x', options);
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call was answered');
}

/** The moment the channel is in that state. */
export async function reached(client: Client, wanted: connectivityState): Promise<void> {
  const channel = client.getChannel();
  for (let state = channel.getConnectivityState(false); state !== wanted; state = channel.getConnectivityState(false)) {
    await new Promise<void>((resolve, reject) => {
      channel.watchConnectivityState(state, Date.now() + 5000, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

/** Has a call wait for a server instead of failing. */
export function waiting(): Metadata {
  const metadata = new Metadata();
  metadata.setOptions({ waitForReady: true });
  return metadata;
}

/** An address at which nobody listens. */
export async function deadAddress(): Promise<string> {
  const server: TcpServer = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}
