import { type ErrorCode, RollcallError } from '../../core/errors.js';

/** What the adapter itself has to tell apart, beyond the public codes. */
export type EtcdErrorKind =
  /** The member could not be reached, did not answer in time, or has no leader: another member may do better. */
  | 'connection'
  /** The lease is not there (any more). */
  | 'lease-not-found'
  | 'lease-exists'
  /** The revision asked for has been compacted away: list again. */
  | 'compacted'
  /** The token has expired: authenticate again. */
  | 'token'
  /** etcd has authentication switched off. */
  | 'auth-not-enabled'
  | 'other';

export class EtcdError extends RollcallError {
  readonly kind: EtcdErrorKind;

  constructor(code: ErrorCode, kind: EtcdErrorKind, message: string, cause?: unknown) {
    super(code, message, { cause, retryable: kind === 'connection' || kind === 'token' || kind === 'lease-not-found' || kind === 'compacted' || code === 'RESOURCE_EXHAUSTED' });
    this.kind = kind;
  }
}

/** etcd's own messages (api/v3rpc/rpctypes/error.go), where the gRPC status alone does not say enough. */
const byMessage: readonly (readonly [text: string, code: ErrorCode, kind: EtcdErrorKind])[] = [
  ['requested lease not found', 'UNAVAILABLE', 'lease-not-found'],
  ['lease already exists', 'INTERNAL', 'lease-exists'],
  ['required revision has been compacted', 'UNAVAILABLE', 'compacted'],
  ['invalid auth token', 'UNAUTHENTICATED', 'token'],
  ['auth token was refused', 'UNAUTHENTICATED', 'token'],
  ['authentication is not enabled', 'UNAUTHENTICATED', 'auth-not-enabled'],
  ['authentication failed', 'UNAUTHENTICATED', 'other'],
  // Authentication was switched on after we connected, or a user was changed: a new token helps, if we have a user.
  ['user name is empty', 'UNAUTHENTICATED', 'token'],
  ['revision of auth store is old', 'UNAUTHENTICATED', 'token'],
  ['permission denied', 'PERMISSION_DENIED', 'other'],
  ['request is too large', 'RECORD_TOO_LARGE', 'other'],
  // grpc-go's word for it, with the status of a quota.
  ['received message larger than max', 'RECORD_TOO_LARGE', 'other'],
  ['database space exceeded', 'RESOURCE_EXHAUSTED', 'other'],
  ['too many requests', 'RESOURCE_EXHAUSTED', 'other'],
  // The alarm of a member whose data differs from the others': it refuses everything, another may not.
  ['corrupt cluster', 'UNAVAILABLE', 'connection'],
];

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/) that mean something to us by themselves. */
const byStatus: ReadonlyMap<number, readonly [ErrorCode, EtcdErrorKind]> = new Map([
  [1, ['UNAVAILABLE', 'connection']],
  [2, ['UNAVAILABLE', 'connection']],
  [4, ['TIMEOUT', 'connection']],
  [7, ['PERMISSION_DENIED', 'other']],
  [8, ['RESOURCE_EXHAUSTED', 'other']],
  [13, ['UNAVAILABLE', 'connection']],
  [14, ['UNAVAILABLE', 'connection']],
  [16, ['UNAUTHENTICATED', 'token']],
]);

/**
 * Any failure of a call to etcd as one of ours. etcd3 drops the status code of what it casts, but leaves it at the
 * start of the message: "14 UNAVAILABLE: No connection established".
 * @param endpoint the member that was asked, to name it
 */
export function toEtcdError(cause: unknown, endpoint: string): EtcdError {
  if (cause instanceof EtcdError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const parts = /(?:^|\s)(\d{1,2}) [A-Z_]+: (?:etcdserver: )?(.*)$/s.exec(message);
  const details = withoutFrame(parts?.[2] ?? message);
  const text = `etcd ${endpoint}: ${details}`;
  for (const [part, code, kind] of byMessage) {
    if (details.includes(part)) return new EtcdError(code, kind, text, cause);
  }
  const [code, kind] = byStatus.get(Number(parts?.[1] ?? -1)) ?? (['INTERNAL', 'other'] as const);
  return new EtcdError(code, kind, text, cause);
}

/** grpc-js puts what the system said ("connect ECONNREFUSED …") into a frame of its own words. */
function withoutFrame(details: string): string {
  return details.replace(/^No connection established\. Last error: (?:Error: )?/, '').replace(/\.? ?Resolution note:\s*$/, '');
}

/** Why etcd cancelled a watch, as an error: the reason is a text that holds a gRPC error. */
export function watchCancelledError(reason: string, compactRevision: string, endpoint: string): EtcdError {
  if (compactRevision !== '0') return new EtcdError('UNAVAILABLE', 'compacted', `etcd ${endpoint}: the watch fell behind a compaction at revision ${compactRevision}`);
  const known = toEtcdError(new Error(reason === '' ? 'the watch was cancelled without a reason' : reason), endpoint);
  return known.code === 'INTERNAL' ? new EtcdError('UNAVAILABLE', 'other', known.message) : known;
}
