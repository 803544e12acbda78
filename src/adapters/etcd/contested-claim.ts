import { EtcdError } from './etcd-error.js';
import { keyHistory } from './key-history.js';
import { nextRevision } from './key-range.js';
import type { EtcdTransport, UnaryOptions } from './transport.js';
import type { WatchStream } from './watch-stream.js';

/** A record under a lease that is not ours. */
export interface ForeignRecord {
  readonly key: Buffer;
  /** At which it was written last. */
  readonly revision: string;
}

/** What another owner wrote last of these keys; `undefined` where there is nothing of the kind, `unknown` for whom may not read. */
export async function newestForeign(
  transport: EtcdTransport,
  keys: readonly { readonly key: Buffer }[],
  ownLeases: readonly string[],
  options: UnaryOptions,
): Promise<ForeignRecord | 'unknown' | undefined> {
  let newest: ForeignRecord | undefined;
  for (const { key } of keys) {
    try {
      const [found] = (await transport.range({ key, keys_only: true }, options)).kvs;
      if (found === undefined || ownLeases.includes(found.lease)) continue;
      if (newest === undefined || BigInt(found.mod_revision) > BigInt(newest.revision)) newest = { key, revision: found.mod_revision };
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'PERMISSION_DENIED') return 'unknown';
      throw error;
    }
  }
  return newest;
}

/** Whether a record of ours stood where that one stands, after the given revision and before it. Where that cannot be told, we give way. */
export async function stoodThere(
  watches: WatchStream,
  transport: EtcdTransport,
  { key, revision }: ForeignRecord,
  since: string,
  ownLeases: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  if (BigInt(revision) <= BigInt(since)) return false;
  try {
    const history = await keyHistory(watches, transport, { key, from: nextRevision(since), to: revision }, signal);
    return history.some(({ type, kv }) => type === 'Put' && ownLeases.includes(kv.lease));
  } catch (error) {
    if (signal.aborted || (error instanceof EtcdError && error.kind === 'connection')) throw error;
    return true;
  }
}
