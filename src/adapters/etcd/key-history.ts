import { abortedError } from '../../core/cancellation.js';
import type { EtcdTransport, WatchResponse } from './transport.js';
import type { WatchStream } from './watch-stream.js';

export interface KeyHistoryRange {
  readonly key: Buffer;
  /** The first revision and the last; the key must have been written at the last. */
  readonly from: string;
  readonly to: string;
}

/**
 * What happened to a key, in order, as etcd remembers it.
 * @throws EtcdError where a part of it was compacted, or the connection is lost meanwhile
 */
export function keyHistory(watches: WatchStream, transport: EtcdTransport, { key, from, to }: KeyHistoryRange, signal: AbortSignal): Promise<WatchResponse['events']> {
  return new Promise((resolve, reject) => {
    const history: WatchResponse['events'] = [];
    const done = (): void => {
      signal.removeEventListener('abort', onAbort);
      watch[Symbol.dispose]();
    };
    const onAbort = (): void => {
      done();
      reject(abortedError(signal, 'reading the history of a key'));
    };
    const watch = watches.open(
      transport,
      { key, start_revision: from },
      {
        created: () => undefined,
        events: (events) => {
          history.push(...events.filter(({ kv }) => BigInt(kv.mod_revision) <= BigInt(to)));
          if (!events.some(({ kv }) => BigInt(kv.mod_revision) >= BigInt(to))) return;
          done();
          resolve(history);
        },
        ended: (reason) => {
          signal.removeEventListener('abort', onAbort);
          reject(reason);
        },
      },
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
