import type { WriteOutcome } from '../../core/lease-store.js';
import { nextRevision } from './key-range.js';
import type { Compare, RequestOp, ResponseOp, TxnRequest } from './transport.js';

/** etcd's default for `--max-txn-ops`. */
export const maxTxnOps = 128;

/** Bytes of one request; etcd's default limit is 1.5 MiB for all of it. */
const maxTxnBytes = 1_000_000;

export interface KeyedWrite {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mode: 'claim' | 'renew';
  /**
   * For a claim that is tried again: the store's revision from before the first attempt. That attempt may have been carried
   * out, and a newer owner have come since: what was written after this revision is not ours to replace.
   */
  readonly since?: string | undefined;
}

/**
 * The put of one record as one operation of a transaction. A claim replaces whatever stands there; a renewal is a
 * transaction of its own inside: it puts only where nothing stands or where a lease of ours does, so that the
 * record of a newer owner is never overwritten.
 */
export function writeOp({ key, value, mode, since }: KeyedWrite, lease: string, ownLeases: readonly string[]): RequestOp {
  const put: RequestOp = { request_put: { key, value, lease } };
  if (mode === 'renew') return whereOurs(key, ownLeases, put, { key, target: 'Version', result: 'Equal', version: 0 });
  if (since === undefined) return put;
  // A key that does not exist has revision 0.
  return whereOurs(key, ownLeases, put, { key, target: 'Mod', result: 'Less', mod_revision: nextRevision(since) });
}

/** How many bytes `writeOp` takes: each condition of "or" carries the put once more. */
export function writeBytes({ key, value, mode, since }: KeyedWrite, ownLeases: readonly string[]): number {
  const copies = mode === 'claim' && since === undefined ? 1 : ownLeases.length + 1;
  return copies * (2 * key.length + value.length);
}

/** The removal of one record, if it is still ours. */
export function removeOp(key: Buffer, ownLeases: readonly string[]): RequestOp {
  return whereOurs(key, ownLeases, { request_delete_range: { key } });
}

/** Whether the operation was carried out. */
export function outcomeOf(op: ResponseOp): WriteOutcome {
  return carriedOut(op) ? 'stored' : 'superseded';
}

/** Cuts a list into transactions that etcd accepts. */
export function chunks<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const result: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (chunk.length === maxTxnOps || (chunk.length > 0 && bytes + size > maxTxnBytes)) {
      result.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) result.push(chunk);
  return result;
}

/** etcd knows "and" only: "or" is a transaction in the branch taken when the first condition fails. */
function whereOurs(key: Buffer, ownLeases: readonly string[], op: RequestOp, or?: Compare): RequestOp {
  const conditions: Compare[] = ownLeases.map((lease) => ({ key, target: 'Lease', result: 'Equal', lease }));
  if (or !== undefined) conditions.push(or);
  let failure: RequestOp[] = [];
  for (const condition of conditions.reverse()) {
    const txn: TxnRequest = { compare: [condition], success: [op], failure };
    failure = [{ request_txn: txn }];
  }
  // Without a lease nothing can be ours: an empty transaction, which does nothing and says so.
  return failure[0] ?? { request_txn: { compare: [{ key, target: 'Version', result: 'Less', version: 0 }], success: [], failure: [] } };
}

function carriedOut(op: ResponseOp): boolean {
  // proto-loader gives a oneof's unset members as null or leaves them out.
  const txn = op.response_txn as ResponseOp['response_txn'] | null | undefined;
  if (txn === null || txn === undefined) return true;
  if (txn.succeeded) return true;
  const next = txn.responses[0];
  return next !== undefined && carriedOut(next);
}
