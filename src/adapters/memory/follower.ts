import type { RollcallError } from '../../core/errors.js';
import type { FeedSink } from '../../core/service-feed.js';
import type { MemoryConnection } from './connection.js';
import { decodeMutation, decodeRecord } from './record.js';

/** Follows one service. States: `starting` → `following` ⇄ `stale`, and `stopped` from any of them. */
export class MemoryFollower implements Disposable {
  readonly #connection: MemoryConnection;
  readonly #service: string;
  readonly #sink: FeedSink;
  readonly #reachability: Disposable;
  #watch: Disposable | undefined;
  #state: 'starting' | 'following' | 'stale' | 'stopped' = 'starting';

  constructor(connection: MemoryConnection, service: string, sink: FeedSink) {
    this.#connection = connection;
    this.#service = service;
    this.#sink = sink;
    this.#reachability = connection.subscribe((trouble) => {
      if (this.#state !== 'starting') this.#turn(trouble);
    });
    // A moment later: the sink must not be called before whoever follows has it in hand.
    queueMicrotask(() => {
      if (this.#state === 'starting') this.#turn(connection.trouble);
    });
  }

  [Symbol.dispose](): void {
    this.#state = 'stopped';
    this.#reachability[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
  }

  #turn(trouble: RollcallError | undefined): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    if (trouble === undefined) {
      this.#state = 'following';
      this.#synchronize();
    } else {
      this.#state = 'stale';
      this.#sink.stale(trouble);
    }
  }

  /** The whole state, then every change: no gap between the two, since nothing here waits. */
  #synchronize(): void {
    const { server } = this.#connection;
    if (server === undefined) return;
    const since = server.revision;
    this.#watch = server.watch(this.#service, (changes, revision) => {
      this.#connection.monitor.saw(revision.toString());
      if (revision <= since) return;
      const decoded = changes.map((change) => decodeMutation(change, revision));
      this.#sink.apply(decoded, revision.toString());
    });
    this.#sink.replace(Array.from(server.list(this.#service), (record) => decodeRecord(record, server.writtenAt(record))), since.toString());
  }
}
