import { type Etcd, startEtcd, type StartEtcdOptions } from '../../../test/support/etcd.js';
import { openRawEtcd, type RawEtcd } from '../../../test/support/raw-etcd.js';
import { type Client, type Connection, type ConnectOptions, keyOf } from '../clients/client.js';
import type { Teardown } from '../../support/teardown.js';

/** An etcd of a run's own, and a view of it past both clients. */
export interface Stage {
  readonly etcd: Etcd;
  readonly raw: RawEtcd;
}

export async function openStage(undo: Teardown, options: StartEtcdOptions = {}): Promise<Stage> {
  const etcd = undo.add(await startEtcd(options), (each) => each.stop());
  const raw = undo.add(openRawEtcd(etcd), (each) => each.close());
  return { etcd, raw };
}

export async function connect(client: Client, undo: Teardown, options: ConnectOptions): Promise<Connection> {
  return undo.add(await client.connect(options), (each) => each.close());
}

/** `10.0.<hundreds>.<rest>:80`, different for each number and each block. */
export function addresses(count: number, block = 0): string[] {
  return Array.from({ length: count }, (_, index) => `10.${block}.${Math.floor(index / 250)}.${(index % 250) + 1}:80`);
}

export const recordOf = (address: string, filler = ''): string => JSON.stringify({ address, weight: 100, metadata: filler === '' ? {} : { filler } });

/** Records without a lease, a hundred in a transaction. */
export async function putMany(raw: RawEtcd, all: readonly string[], filler = '', perTransaction = 100): Promise<void> {
  for (let from = 0; from < all.length; from += perTransaction) {
    const success = all.slice(from, from + perTransaction).map((address) => ({ request_put: { key: Buffer.from(keyOf(address)), value: Buffer.from(recordOf(address, filler)) } }));
    await raw.client.kv.txn({ compare: [], success, failure: [] });
  }
}

/** Runs over all, some at a time, so that each has a revision of its own and it still does not take long. */
export async function eachOf(all: readonly string[], act: (address: string) => Promise<void>): Promise<void> {
  const queue = [...all];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}
