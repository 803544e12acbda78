import type { RawEtcd } from '../../../test/support/raw-etcd.js';
import { keyOf, type WatchedService } from '../clients/client.js';

/** How often each key was deleted from etcd since a revision, by whomever: what a watcher is right to show. */
export async function deletionsSince(raw: RawEtcd, revision: string): Promise<Map<string, number>> {
  const stream = await raw.client.watchClient.watch();
  const deletions = new Map<string, number>();
  const marker = '/rollcall-bench-marker';
  await raw.put(marker, '');
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ events }) => {
      for (const { type, kv } of events) {
        const key = kv.key.toString();
        if (key === marker) resolve();
        else if (type === 'Delete') deletions.set(key, (deletions.get(key) ?? 0) + 1);
      }
    });
    stream.write({ create_request: { key: Buffer.from('/'), range_end: Buffer.from('0'), start_revision: revision } });
  });
  stream.end();
  return deletions;
}

/** How many removals were shown that never happened in etcd. */
export async function falseDeletions(raw: RawEtcd, shown: WatchedService, since: string): Promise<number> {
  const left = await deletionsSince(raw, since);
  let wrong = 0;
  for (const address of shown.removals) {
    const deletions = left.get(keyOf(address)) ?? 0;
    if (deletions === 0) wrong++;
    else left.set(keyOf(address), deletions - 1);
  }
  return wrong;
}

