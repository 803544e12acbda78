import { once } from 'node:events';
import { type AddressInfo, createServer, type Server as TcpServer, type Socket } from 'node:net';

import { Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type status } from '@grpc/grpc-js';

import { type SimpleRequest, type SimpleResponse, simpleService } from '../../../examples/simple.js';

/**
 * What a server does with one attempt: answers with its name, fails with a status, says nothing for ever, or
 * begins to answer (which commits the client to it) and then says nothing.
 */
export type Act = 'answer' | 'hang' | 'begin' | status;

/** One attempt as the server saw it. */
export interface Attempt {
  readonly at: number;
  /** What the client says of the attempts before: `grpc-previous-rpc-attempts`. */
  readonly previous: string | undefined;
}

/** A real server of the Simple service that does with each attempt what it is told, and keeps count. */
export class FlakyServer implements Disposable {
  readonly attempts: Attempt[];
  readonly address: string;
  readonly #server: Server;
  readonly #listener: TcpServer;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, listener: TcpServer, attempts: Attempt[]) {
    this.attempts = attempts;
    this.address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    this.#server = server;
    this.#listener = listener;
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    listener.on('connection', (socket) => {
      this.#sockets.add(socket);
      injector.injectConnection(socket);
    });
  }

  /** @param act for the attempt of that number, counted from 1 */
  static async start(name: string, act: (attempt: number) => Act): Promise<FlakyServer> {
    const server = new Server();
    const attempts: Attempt[] = [];
    server.addService(simpleService, {
      route(call: ServerUnaryCall<SimpleRequest, SimpleResponse>, callback: sendUnaryData<SimpleResponse>) {
        const [previous] = call.metadata.get('grpc-previous-rpc-attempts');
        attempts.push({ at: performance.now(), previous: previous?.toString() });
        const chosen = act(attempts.length);
        if (chosen === 'answer') callback(null, { code: 200, value: name });
        else if (chosen === 'begin') call.sendMetadata(new Metadata());
        else if (chosen !== 'hang') callback({ code: chosen, details: `attempt ${attempts.length}` });
      },
    });
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new FlakyServer(server, listener, attempts);
  }

  /** How many were made so far. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** As `kill -9` looks from outside: the sockets are closed by the system, nobody says goodbye, nobody listens any more. */
  crash(): void {
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What `forceShutdown` does: every call under way is cancelled. */
  forceShutdown(): void {
    this.#listener.close();
    this.#server.forceShutdown();
  }

  [Symbol.dispose](): void {
    this.crash();
    this.#server.forceShutdown();
  }
}
