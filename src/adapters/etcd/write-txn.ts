import type { WriteOutcome } from '../../core/lease-store.js';
import { nextRevision } from './key-range.js';
import type { Compare, RequestOp, ResponseOp } from './transport.js';

/**
 * Operations of one transaction. etcd's default limit (`--max-txn-ops`) is 128, and what stands inside an operation counts
 * against what is left of it: the rest is for the conditions, one for each lease of ours and one more.
 */
export const maxTxnOps = 100;

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
  /**
   * For a renewal after a backup was restored: the revision at which that was noticed. What is not newer is an earlier owner's
   * record that the backup has brought back.
   */
  readonly historyBegan?: string | undefined;
}

/**
 * The put of one record as one operation of a transaction. A claim replaces whatever stands there; a renewal is a
 * transaction of its own inside: it puts only where nothing stands or where a lease of ours does, so that the
 * record of a newer owner is never overwritten.
 */
export function writeOp({ key, value, mode, since, historyBegan }: KeyedWrite, lease: string, ownLeases: readonly string[]): RequestOp {
  const put: RequestOp = { request_put: { key, value, lease } };
  // A key that does not exist has revision 0.
  const after = mode === 'renew' ? (historyBegan ?? '0') : since;
  if (after === undefined) return put;
  return unlessForeign(key, ownLeases, [{ key, target: 'Mod', result: 'Greater', mod_revision: after }], put);
}

/** How many bytes `writeOp` takes. */
export function writeBytes({ key, value }: KeyedWrite, ownLeases: readonly string[]): number {
  return (ownLeases.length + 2) * key.length + value.length;
}

/** The removal of one record, if it is still ours. */
export function removeOp(key: Buffer, ownLeases: readonly string[]): RequestOp {
  return unlessForeign(key, ownLeases, [], { request_delete_range: { key } });
}

/** The removal of what stands under this lease and was written no later than that revision: what came since is wanted. */
export function sweepOp(key: Buffer, lease: string, revision: string): RequestOp {
  return {
    request_txn: {
      compare: [
        { key, target: 'Lease', result: 'Equal', lease },
        { key, target: 'Mod', result: 'Less', mod_revision: nextRevision(revision) },
      ],
      success: [{ request_delete_range: { key } }],
      failure: [],
    },
  };
}

/** Whether the operation was carried out. */
export function outcomeOf(op: ResponseOp): WriteOutcome {
  // proto-loader gives a oneof's unset members as null or leaves them out.
  const txn = op.response_txn as ResponseOp['response_txn'] | null | undefined;
  return txn?.succeeded === true ? 'superseded' : 'stored';
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

/**
 * etcd knows "and" only, so the condition is turned round: where the key stands under none of our leases, and whatever else
 * makes it another owner's, nothing is done; in every other case the operation is carried out. That way it is in the request
 * once, and a record that fits into one request fits into every later one. A key that does not exist has lease 0.
 */
function unlessForeign(key: Buffer, ownLeases: readonly string[], foreignIf: readonly Compare[], op: RequestOp): RequestOp {
  const foreign: Compare[] = [...ownLeases.map((lease): Compare => ({ key, target: 'Lease', result: 'NotEqual', lease })), ...foreignIf];
  return { request_txn: { compare: foreign, success: [], failure: [op] } };
}
