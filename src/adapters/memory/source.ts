import { Backoff } from '../../core/backoff.js';
import { sleep, withTimeout } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { RollcallError, toRollcallError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import type { FeedSink } from '../../core/service-feed.js';
import type { Listing, SnapshotSource } from '../../core/shared-discovery.js';
import type { MemoryConnection } from './connection.js';
import { MemoryFollower } from './follower.js';
import { decodeRecord } from './record.js';
import type { MemoryServer } from './server.js';

export interface MemorySourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** How long a request is tried again while the server cannot be reached, in milliseconds. */
  readonly timeoutMs: number;
}

/** Reads the server: once (`list`, `services`), or from now on (`follow`). */
export class MemorySource implements SnapshotSource {
  readonly #connection: MemoryConnection;
  readonly #deps: MemorySourceDeps;

  constructor(connection: MemoryConnection, deps: MemorySourceDeps) {
    this.#connection = connection;
    this.#deps = deps;
  }

  list(service: string, signal: AbortSignal): Promise<Listing> {
    return this.#read(`reading ${service}`, signal, (server) => ({
      records: Array.from(server.list(service), (record) => decodeRecord(record, server.writtenAt(record))),
      revision: server.revision.toString(),
    }));
  }

  services(signal: AbortSignal): Promise<Iterable<string>> {
    return this.#read('reading the services', signal, (server) => [...server.services()]);
  }

  follow(service: string, sink: FeedSink): Disposable {
    return new MemoryFollower(this.#connection, service, sink);
  }

  /** SharedDiscovery has aborted every read and disposed every follower by now. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #read<T>(what: string, outer: AbortSignal, work: (server: MemoryServer) => T): Promise<T> {
    const { clock, random, timeoutMs } = this.#deps;
    const backoff = new Backoff(random);
    let failure: RollcallError | undefined;
    try {
      return await withTimeout(clock, timeoutMs, what, outer, async (signal) => {
        for (;;) {
          try {
            return await this.#connection.request(work);
          } catch (error) {
            failure = toRollcallError(error);
            if (!failure.retryable) throw failure;
          }
          await sleep(clock, backoff.next(), signal, what);
        }
      });
    } catch (error) {
      if (failure === undefined || !(error instanceof RollcallError) || error.code !== 'TIMEOUT') throw error;
      // What kept failing says more than that time ran out.
      throw new RollcallError('UNAVAILABLE', `${what} failed for ${timeoutMs} ms: ${failure.message}`, { cause: failure });
    }
  }
}
