import { type RollcallError, toRollcallError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { quote } from '../core/quote.js';
import type { Snapshot } from '../core/snapshot.js';
import { endpointOf, type InstanceEndpoint } from './endpoint.js';

/** What a resolver has to say: whom to call, or why nobody can be called. */
export type Resolution =
  | { readonly endpoints: readonly InstanceEndpoint[]; readonly note: string }
  | { readonly unavailable: string };

/**
 * What a snapshot means to a channel. A stale one keeps its instances (law 4). An empty one is a failure and not an empty list, with which
 * grpc-js's policies wait for ever or go on with the dead server.
 */
export function resolutionOf(snapshot: Snapshot, logger: Logger): Resolution {
  const { service, revision, instances } = snapshot;
  const endpoints: InstanceEndpoint[] = [];
  for (const instance of instances) {
    try {
      endpoints.push(endpointOf(instance));
    } catch (error) {
      // Adapters check records; one that does not must not hide the others (law 5).
      logger.warn({ err: toRollcallError(error), service, id: instance.id }, 'left out an instance that cannot be dialled');
    }
  }
  const age = staleness(snapshot);
  if (instances.length === 0) return { unavailable: `no instances of ${quote(service)} are registered (revision ${revision}${age})` };
  const count = instances.length === 1 ? '1 instance' : `${instances.length} instances`;
  if (endpoints.length === 0) return { unavailable: `${count} of ${quote(service)} at revision ${revision}, none with an address that can be dialled${age}` };
  return { endpoints, note: `${count} of ${quote(service)} at revision ${revision}${age}` };
}

function staleness({ status, since, reason }: Snapshot): string {
  if (status === 'live') return '';
  return `; stale since ${new Date(since).toISOString()}${reason === undefined ? '' : `: ${describe(reason)}`}`;
}

export function describe(error: RollcallError): string {
  return `${error.code}: ${error.message}`;
}
