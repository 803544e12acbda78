import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay that counts what passes: shows which member a client talks to, whatever the client says. */
export class Relay {
  /** Bytes so far, in both directions. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, target: string) {
    this.#server = server;
    const colon = target.lastIndexOf(':');
    server.on('connection', (client) => {
      const upstream = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
      const end = (): void => {
        for (const socket of [client, upstream]) socket.destroy();
      };
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.once('close', () => {
          this.#sockets.delete(socket);
          end();
        });
      }
      client.on('data', (data) => {
        this.bytes += data.length;
        upstream.write(data);
      });
      upstream.on('data', (data) => {
        this.bytes += data.length;
        client.write(data);
      });
    });
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** @param target `host:port`. Whoever starts it closes it. */
export async function startRelay(target: string): Promise<Relay> {
  const server = createServer();
  const relay = new Relay(server, target);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return relay;
}
