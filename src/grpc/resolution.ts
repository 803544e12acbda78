import type { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { Candidate } from '../core/selection/candidate.js';
import type { GuardView } from '../core/selection/guard.js';
import type { Selection } from '../core/selection/select.js';
import type { Snapshot } from '../core/snapshot.js';
import type { InstanceEndpoint } from './endpoint.js';

/** What a resolver has to say: whom to call, or why nobody can be called. */
export type Resolution =
  | { readonly endpoints: readonly InstanceEndpoint[]; readonly note: string }
  | { readonly unavailable: string };

export interface ResolutionInit {
  readonly service: string;
  readonly snapshot: Snapshot;
  readonly guarded: GuardView;
  readonly selection: Selection;
  /** `undefined` for an instance that cannot be dialled. */
  readonly endpointOf: (candidate: Candidate) => InstanceEndpoint | undefined;
}

/**
 * What a choice means to a channel. A stale snapshot keeps its instances (law 4). Nobody to call is a failure and not an empty list, with which
 * grpc-js's policies wait for ever or go on with the dead server.
 */
export function resolutionOf({ service, snapshot, guarded, selection, endpointOf }: ResolutionInit): Resolution {
  if (guarded.failing !== undefined) return { unavailable: guarded.failing };
  const at = standing(snapshot, guarded);
  const { candidates, reason } = selection;
  if (candidates.length === 0) return { unavailable: `${reason ?? `no instances of ${quote(service)} can be called`} (${at})` };
  const endpoints: InstanceEndpoint[] = [];
  for (const candidate of candidates) {
    const endpoint = endpointOf(candidate);
    if (endpoint !== undefined) endpoints.push(endpoint);
  }
  const count = candidates.length === 1 ? '1 instance' : `${candidates.length} instances`;
  const chosen = endpoints.length === guarded.instances.length ? count : `${endpoints.length} of ${guarded.instances.length} instances`;
  if (endpoints.length === 0) return { unavailable: `${count} of ${quote(service)}, none with an address that can be dialled (${at})` };
  const note = selection.note === undefined ? '' : `; ${selection.note}`;
  return { endpoints, note: `${chosen} of ${quote(service)} at ${at}${note}` };
}

/** `revision 7; stale since …: UNAVAILABLE: …; holding 3 of 10 instances …` */
function standing({ revision, status, since, reason }: Snapshot, { holding }: GuardView): string {
  const stale = status === 'live' ? '' : `; stale since ${new Date(since).toISOString()}${reason === undefined ? '' : `: ${describe(reason)}`}`;
  return `revision ${revision}${stale}${holding === undefined ? '' : `; ${holding.detail}`}`;
}

export function describe(error: RollcallError): string {
  return `${error.code}: ${error.message}`;
}
