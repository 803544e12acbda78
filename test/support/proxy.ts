import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'passing' | 'cut' | 'blackhole';

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * A TCP proxy that brings the network's faults about.
 *
 * - `passing`: bytes go through.
 * - `cut`: connections are reset, new ones as soon as they come.
 * - `blackhole`: connections stay open, new ones are accepted, and nothing arrives any more, in either direction.
 */
export class Proxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Accepted in the black hole: they never had an upstream. */
  readonly #stranded = new Set<Socket>();
  #target: string;
  #mode: Mode = 'passing';
  #accepted = 0;

  constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (client) => {
      this.#accept(client);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Where new connections go; those that are open stay. */
  get target(): string {
    return this.#target;
  }

  set target(target: string) {
    this.#target = target;
  }

  /** How many are open now. */
  get connections(): number {
    return this.#connections.size + this.#stranded.size;
  }

  /** How many were ever opened. */
  get accepted(): number {
    return this.#accepted;
  }

  cut(): void {
    this.#mode = 'cut';
    this.#destroyAll();
  }

  /** Cuts what is open now; new connections pass. */
  cutOnce(): void {
    this.#destroyAll();
  }

  blackhole(): void {
    this.#mode = 'blackhole';
    for (const { client, upstream } of this.#connections) {
      client.pause();
      upstream.pause();
    }
  }

  /** Lets everything pass again; what a black hole held back arrives late, as after a real network's fault. */
  restore(): void {
    this.#mode = 'passing';
    for (const { client, upstream } of this.#connections) {
      client.resume();
      upstream.resume();
    }
    // Their first bytes were never read, so they can be connected now.
    for (const client of this.#stranded) {
      this.#stranded.delete(client);
      this.#join(client);
    }
  }

  async close(): Promise<void> {
    this.#destroyAll();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    this.#accepted++;
    // Resets are what this is for; the peers see them.
    client.on('error', () => undefined);
    if (this.#mode === 'cut') {
      client.resetAndDestroy();
    } else if (this.#mode === 'blackhole') {
      this.#stranded.add(client);
      client.once('close', () => this.#stranded.delete(client));
    } else {
      this.#join(client);
    }
  }

  #join(client: Socket): void {
    const colon = this.#target.lastIndexOf(':');
    const upstream = connect({ host: this.#target.slice(0, colon), port: Number(this.#target.slice(colon + 1)) });
    const connection = { client, upstream };
    this.#connections.add(connection);
    upstream.on('error', () => undefined);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (data) => to.write(data));
      from.once('end', () => to.end());
      from.once('close', () => {
        this.#connections.delete(connection);
        to.destroy();
      });
    }
  }

  #destroyAll(): void {
    for (const { client, upstream } of this.#connections) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    for (const client of this.#stranded) client.resetAndDestroy();
    this.#connections.clear();
    this.#stranded.clear();
  }
}

/** @param target `host:port`. Whoever starts it closes it. */
export async function startProxy(target: string): Promise<Proxy> {
  const server = createServer({ pauseOnConnect: false });
  const proxy = new Proxy(server, target);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return proxy;
}
