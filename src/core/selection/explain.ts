import { parseDialableAddress } from '../address.js';
import { toRollcallError } from '../errors.js';
import type { ServiceInstance } from '../instance.js';
import { quote } from '../quote.js';
import { nothing, type Snapshot } from '../snapshot.js';
import type { Candidate } from './candidate.js';
import { countReasons, describeCounts, type ExplainReason } from './drop-counts.js';
import type { GuardView, Holding } from './guard.js';
import type { SelectionRules } from './options.js';
import { select, type SelectionContext } from './select.js';

/** How the client's connection to an instance is. */
export type ConnectionState = 'connecting' | 'ready' | 'failing' | 'unhealthy';

export interface ExplainContext extends SelectionContext {
  /** The name of the policy that balances the candidates. */
  readonly policy: string;
  /** What the guard made of this snapshot; none: its instances are used as they are. */
  readonly guard?: GuardView | undefined;
  /** The fraction of calls that the policy gives to each of them, by instance id; without it no shares are told. */
  readonly shares?: ((policy: string, candidates: readonly Candidate[]) => ReadonlyMap<string, number> | undefined) | undefined;
  /** Why an instance that was selected cannot be dialled after all; `undefined` if it can. */
  readonly whyNot?: ((instance: ServiceInstance) => string | undefined) | undefined;
  /** What the client knows of its connections; `undefined` where it has none. */
  readonly stateOf?: ((instance: ServiceInstance) => { readonly state: ConnectionState; readonly detail?: string | undefined } | undefined) | undefined;
}

export interface ExplainedRecord {
  /** The backend's key, of a record that could not be read; all others have an id. */
  readonly key?: string;
  readonly id?: string;
  readonly address?: string;
  readonly weight?: number;
  readonly version?: string;
  readonly zone?: string;
  /** Whether it gets calls. */
  readonly kept: boolean;
  readonly reason?: ExplainReason;
  readonly detail?: string;
  /** The fraction of all calls that it gets, from 0 to 1. */
  readonly share?: number;
  /** The part of its weight that it gets while it starts slowly. */
  readonly slowStart?: number;
  readonly state?: ConnectionState;
  /** The backend does not have it any more; the guard keeps it. */
  readonly held?: true;
}

/** All that decides about the calls to one service, as plain data. */
export interface Explanation {
  readonly service: string;
  readonly revision: string;
  readonly status: Snapshot['status'];
  /** When this status began, in milliseconds since the epoch. */
  readonly since: number;
  readonly policy: string;
  /** One line: how many are called and what became of the others, or why nobody can be called. */
  readonly sentence: string;
  /** What is out of the ordinary: staleness, what the guard holds, that calls spill over to other zones. */
  readonly notes: readonly string[];
  readonly holding?: Holding;
  /** Each record exactly once: instances in the order of their ids, then those that could not be read. */
  readonly records: readonly ExplainedRecord[];
}

/** What becomes of each record of a snapshot, and why. */
export function explain(snapshot: Snapshot, rules: SelectionRules, context: ExplainContext): Explanation {
  const { guard, policy } = context;
  const instances = guard?.instances ?? snapshot.instances;
  const selection = select(instances, rules, context);
  const fate = new Map<ServiceInstance, Pick<ExplainedRecord, 'reason' | 'detail' | 'slowStart'>>();
  for (const { instance, reason, detail } of selection.dropped) fate.set(instance, { reason, detail });
  const called = selection.candidates.filter(({ instance, share }) => {
    const trouble = troubleOf(instance, context);
    if (trouble !== undefined) fate.set(instance, trouble);
    else if (share < 1) fate.set(instance, { slowStart: share });
    return trouble === undefined;
  });
  const shares = context.shares?.(policy, called);
  const inSnapshot = new Set(snapshot.instances);
  const records = instances.map((instance): ExplainedRecord => {
    const { id, address, weight, version, zone } = instance;
    const { reason, ...rest } = fate.get(instance) ?? {};
    const state = context.stateOf?.(instance)?.state;
    return {
      id,
      address,
      weight,
      ...(version === undefined ? {} : { version }),
      ...(zone === undefined ? {} : { zone }),
      kept: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...rest,
      ...(shares === undefined ? {} : { share: reason === undefined ? (shares.get(id) ?? 0) : 0 }),
      ...(state === undefined ? {} : { state }),
      ...(inSnapshot.has(instance) ? {} : { held: true as const }),
    };
  });
  for (const { key, reason } of snapshot.skipped) records.push({ key, kept: false, reason: 'undecodable', detail: reason });
  return {
    service: snapshot.service,
    revision: snapshot.revision,
    status: snapshot.status,
    since: snapshot.since,
    policy,
    sentence: sentenceOf(snapshot, records, guard?.failing ?? selection.reason, rules),
    notes: notesOf(snapshot, guard, selection.note),
    ...(guard?.holding === undefined ? {} : { holding: guard.holding }),
    records,
  };
}

/** What keeps calls from an instance that was selected. */
function troubleOf(instance: ServiceInstance, { guard, stateOf, whyNot }: ExplainContext): Pick<ExplainedRecord, 'reason' | 'detail'> | undefined {
  if (guard?.failing !== undefined) return { reason: 'stale', detail: guard.failing };
  try {
    parseDialableAddress(instance.address);
  } catch (error) {
    return { reason: 'undialable', detail: toRollcallError(error).message };
  }
  const refused = whyNot?.(instance);
  if (refused !== undefined) return { reason: 'undialable', detail: refused };
  const connection = stateOf?.(instance);
  if (connection?.state === 'unhealthy') return { reason: 'unhealthy', detail: connection.detail ?? 'it says that it is not serving' };
  if (connection?.state === 'failing') return { reason: 'unhealthy', detail: connection.detail ?? 'no connection comes about' };
  return undefined;
}

function sentenceOf({ service, revision }: Snapshot, records: readonly ExplainedRecord[], failing: string | undefined, { filter }: SelectionRules): string {
  const dropped = countReasons(records);
  const unread = dropped.get('undecodable') ?? 0;
  if (failing !== undefined) return `nobody is called: ${failing}${unread === 0 ? '' : `; ${describeCounts(new Map([['undecodable', unread]]), undefined)}`}`;
  const kept = records.filter((record) => record.kept).length;
  const who = kept === 0 ? 'nobody is called of' : `calls go to ${kept} of`;
  const why = dropped.size === 0 ? '' : `: ${describeCounts(dropped, filter?.description)}`;
  return `${who} ${records.length} ${records.length === 1 ? 'record' : 'records'} of ${quote(service)} at revision ${revision}${why}`;
}

function notesOf({ status, since, reason }: Snapshot, guard: GuardView | undefined, note: string | undefined): readonly string[] {
  const notes: string[] = [];
  if (status === 'stale') notes.push(`stale since ${new Date(since).toISOString()}${reason === undefined ? '' : `: ${reason.code}: ${reason.message}`}`);
  if (guard?.holding !== undefined) notes.push(guard.holding.detail);
  if (note !== undefined) notes.push(note);
  return notes.length === 0 ? nothing : notes;
}
