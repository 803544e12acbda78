import type { WriteOutcome } from '../../core/lease-store.js';
import { nextRevision } from './key-range.js';
import type { Put } from './record-codec.js';
import type { Compare, RequestOp, ResponseOp } from './transport.js';

/**
 * Operations of one transaction. etcd's default limit (`--max-txn-ops`) is 128, and what stands inside an operation counts
 * against what is left of it: the rest is for the conditions, one for each lease of ours and one more.
 */
export const maxTxnOps = 100;

/** Bytes of one request; etcd's default limit is 1.5 MiB for all of it. */
const maxTxnBytes = 1_000_000;

export interface KeyedWrite {
  /** One key and its value; where the instance is written in several layouts, one for each. All are written, or none. */
  readonly puts: readonly Put[];
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
export function writeOps(write: KeyedWrite, lease: string, ownLeases: readonly string[]): RequestOp[] {
  const { puts } = write;
  const ops = puts.map(({ key, value }): RequestOp => ({ request_put: { key, value, lease } }));
  const after = foreignAfter(write);
  // Not inside a transaction of their own: some versions of etcd do not ask there whether we are allowed to write.
  return after === undefined ? ops : [unlessForeign(puts.map(({ key }) => key), ownLeases, after, ops)];
}

/** How many operations, and so answers, `writeOps` makes of it. */
export function opsOf(write: KeyedWrite): number {
  return foreignAfter(write) === undefined ? write.puts.length : 1;
}

/** A key that does not exist has revision 0. */
function foreignAfter({ mode, since, historyBegan }: KeyedWrite): string | undefined {
  return mode === 'renew' ? (historyBegan ?? '0') : since;
}

/** How many bytes `writeOps` takes. */
export function writeBytes({ puts }: KeyedWrite, ownLeases: readonly string[]): number {
  return puts.reduce((sum, { key, value }) => sum + (ownLeases.length + 2) * key.length + value.length, 0);
}

/** The removal of one record, if it is still ours. */
export function removeOp(key: Buffer, ownLeases: readonly string[]): RequestOp {
  return unlessForeign([key], ownLeases, undefined, [{ request_delete_range: { key } }]);
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
  if (txn === null || txn === undefined) return 'stored';
  // Where a key is another owner's the transaction for it has nothing to do; several keys are one inside the other.
  if (txn.succeeded) return txn.responses.length === 0 ? 'superseded' : 'stored';
  const [inner] = txn.responses;
  return inner === undefined ? 'stored' : outcomeOf(inner);
}

/**
 * Cuts a list into transactions that etcd accepts.
 * @param most how many items go into one
 */
export function chunks<T>(items: readonly T[], bytesOf: (item: T) => number, most = maxTxnOps): T[][] {
  const result: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (chunk.length === most || (chunk.length > 0 && bytes + size > maxTxnBytes)) {
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
 * once, and a record that fits into one request fits into every later one. Of several keys, each has its condition, one inside the
 * other: one foreign key is enough to leave all alone. A key that does not exist has lease 0.
 */
function unlessForeign(keys: readonly Buffer[], ownLeases: readonly string[], after: string | undefined, ops: RequestOp[]): RequestOp {
  const foreign = (key: Buffer): Compare[] => [
    ...ownLeases.map((lease): Compare => ({ key, target: 'Lease', result: 'NotEqual', lease })),
    ...(after === undefined ? [] : [{ key, target: 'Mod', result: 'Greater', mod_revision: after } satisfies Compare]),
  ];
  return keys.reduceRight<RequestOp[]>((inner, key) => [{ request_txn: { compare: foreign(key), success: [], failure: inner } }], ops)[0] as RequestOp;
}
