import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'passing' | 'cut' | 'blackhole';

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Bytes that went to the client since `cutAfter`. */
  passed: number;
}

/** A fault that comes about by itself after so many bytes. */
interface Fuse {
  bytes: number;
  readonly burnt: () => void;
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
  #cutFuse: Fuse | undefined;
  #holdFuse: Fuse | undefined;

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

  /**
   * Resets each connection, those that are open and those to come, once so many more bytes have gone to its client: in the
   * middle of an answer. Resolves with the first.
   */
  cutAfter(bytes: number): Promise<void> {
    for (const connection of this.#connections) connection.passed = 0;
    return new Promise((burnt) => {
      this.#cutFuse = { bytes, burnt };
    });
  }

  /** Turns into a black hole once so many more bytes have gone to clients, over all connections. Resolves then. */
  blackholeAfter(bytes: number): Promise<void> {
    return new Promise((burnt) => {
      this.#holdFuse = { bytes, burnt };
    });
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
    this.#cutFuse = this.#holdFuse = undefined;
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
      reset(client);
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
    const connection = { client, upstream, passed: 0 };
    this.#connections.add(connection);
    upstream.on('error', () => undefined);
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      this.#answer(connection, data);
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.once('end', () => to.end());
      from.once('close', () => {
        this.#connections.delete(connection);
        to.destroy();
      });
    }
  }

  #answer(connection: Connection, data: Buffer): void {
    const { client, upstream } = connection;
    const untilCut = this.#cutFuse === undefined ? Infinity : this.#cutFuse.bytes - connection.passed;
    const untilHold = this.#holdFuse?.bytes ?? Infinity;
    const part = data.subarray(0, Math.min(data.length, untilCut, untilHold));
    connection.passed += part.length;
    if (this.#holdFuse !== undefined) this.#holdFuse.bytes -= part.length;
    if (part.length === data.length) {
      client.write(data);
      return;
    }
    if (untilHold < untilCut) {
      const { burnt } = this.#holdFuse!;
      this.#holdFuse = undefined;
      client.write(part);
      this.blackhole();
      upstream.unshift(data.subarray(part.length));
      burnt();
      return;
    }
    const { burnt } = this.#cutFuse!;
    upstream.removeAllListeners('data').pause();
    this.#connections.delete(connection);
    // Once the part is on its way: a reset throws away what has not been sent.
    client.write(part, () => {
      reset(client);
      reset(upstream);
      burnt();
    });
  }

  #destroyAll(): void {
    for (const { client, upstream } of this.#connections) {
      reset(client);
      reset(upstream);
    }
    for (const client of this.#stranded) reset(client);
    this.#connections.clear();
    this.#stranded.clear();
  }
}

/** A socket that has said goodbye already cannot be reset: Node 20 would try for ever at the end of the process. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** @param target `host:port`. Whoever starts it closes it. */
export async function startProxy(target: string): Promise<Proxy> {
  const server = createServer({ pauseOnConnect: false });
  const proxy = new Proxy(server, target);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return proxy;
}
