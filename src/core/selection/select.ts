import type { ServiceInstance } from '../instance.js';
import { quote } from '../quote.js';
import { nothing } from '../snapshot.js';
import { type Candidate, type Dropped, type DropReason, type IsHealthy, wholeCandidate } from './candidate.js';
import { countReasons, describeCounts } from './drop-counts.js';
import type { Newcomers } from './newcomers.js';
import { OnePerAddress, type RevisionOf } from './one-per-address.js';
import type { SelectionRules } from './options.js';
import { chooseInZones } from './subset.js';
import { SubsetRanks } from './subset-ranks.js';
import { chooseZones } from './zone.js';

/** What a selection depends on besides the instances and the rules. */
export interface SelectionContext {
  /** The service's name, for messages. */
  readonly service: string;
  /** Who this client is; the key of a subset that names none. */
  readonly clientKey: string;
  /** Which of two records of one address is the newer. Default: unknown, the greater id is taken. */
  readonly revisionOf?: RevisionOf | undefined;
  /** Default: nothing is known, all count as healthy. */
  readonly isHealthy?: IsHealthy | undefined;
  /** Milliseconds of the clock that `newcomers` was told of. */
  readonly now?: number | undefined;
  /** Who came lately, already told of these instances; without it nobody is new. */
  readonly newcomers?: Newcomers | undefined;
  /** Caches from one selection to the next; the result is the same without them. */
  readonly addresses?: OnePerAddress | undefined;
  readonly ranks?: SubsetRanks | undefined;
}

export interface Selection {
  /** Whom to call, in the order of the instances. */
  readonly candidates: readonly Candidate[];
  /** All others, in the order of the instances. */
  readonly dropped: readonly Dropped[];
  /** When shares change next, on the clock of `now`, though nothing else does. */
  readonly nextChangeAt?: number | undefined;
  /** Why there is no candidate, for the status of a call that fails. */
  readonly reason?: string | undefined;
  /** What is out of the ordinary though calls can be made: that they spill over to other zones. */
  readonly note?: string | undefined;
}

/**
 * Chooses whom to call: one per address → not draining → filter → zone → subset → slow start. Every instance ends up either among the
 * candidates or among the dropped.
 *
 * Addresses come first because the newest record is the truth about the server there: if that one drains, or is a canary, an older record of
 * the same address must not bring it back in.
 * @param instances sorted by id, as those of a snapshot
 */
export function select(instances: readonly ServiceInstance[], rules: SelectionRules, context: SelectionContext): Selection {
  const dropped = new Map<ServiceInstance, Dropped>();
  let kept = callable(instances, rules, context, dropped);
  let note: string | undefined;
  const { subset } = rules;
  const key = subset?.key ?? context.clientKey;
  const ranks = context.ranks?.key === key ? context.ranks : new SubsetRanks(key);
  const chosen = subset === undefined ? undefined : chooseInZones(kept, subset, rules.zone, ranks, context.isHealthy);
  if (rules.zone !== undefined && kept.length > 0) {
    // Nothing is known of those that a subset leaves to others: a zone is judged by the ones of it that this client would call.
    const { zones, spilled, detail } = chooseZones(chosen === undefined ? kept : [...chosen], rules.zone, context.isHealthy, subset?.size);
    if (spilled) note = detail;
    if (zones !== undefined) kept = narrow(kept, ({ zone }) => zone !== undefined && zones.has(zone), dropped, 'zone', detail);
  }
  if (subset !== undefined && chosen !== undefined) {
    const detail = `not among the ${subset.size} that client ${quote(key)} calls`;
    kept = narrow(kept, (instance) => chosen.has(instance), dropped, 'subset', detail);
  }
  const { now = 0 } = context;
  const newcomers = context.newcomers?.any === true ? context.newcomers : undefined;
  return {
    candidates: kept.map((instance) => candidate(instance, newcomers?.shareOf(instance, now) ?? 1)),
    dropped: dropped.size === 0 ? nothing : inOrder(instances, dropped),
    nextChangeAt: newcomers?.nextChangeAt(now),
    reason: kept.length === 0 ? whyNone(instances, dropped, rules, context.service) : undefined,
    note,
  };
}

function candidate(instance: ServiceInstance, share: number): Candidate {
  return share === 1 ? wholeCandidate(instance) : Object.freeze({ instance, share });
}

/** Those that may be called at all. The list itself as long as nobody is dropped: thousands pass here on every update. */
function callable(
  instances: readonly ServiceInstance[],
  { filter }: SelectionRules,
  { addresses, revisionOf }: SelectionContext,
  dropped: Map<ServiceInstance, Dropped>,
): readonly ServiceInstance[] {
  const superseded = (addresses ?? new OnePerAddress(revisionOf)).superseded(instances);
  for (const [instance, by] of superseded) {
    dropped.set(instance, { instance, reason: 'superseded', detail: `superseded by ${quote(by.id)}, a newer record of the same address` });
  }
  for (const instance of instances) {
    if (superseded.size > 0 && superseded.has(instance)) continue;
    if (instance.weight === 0) {
      dropped.set(instance, { instance, reason: 'draining', detail: 'its weight is 0' });
      continue;
    }
    const rejection = filter?.reject(instance);
    if (rejection !== undefined) dropped.set(instance, { instance, reason: 'filtered', detail: rejection });
  }
  return dropped.size === 0 ? instances : instances.filter((instance) => !dropped.has(instance));
}

function narrow(
  instances: readonly ServiceInstance[],
  isKept: (instance: ServiceInstance) => boolean,
  dropped: Map<ServiceInstance, Dropped>,
  reason: DropReason,
  detail: string,
): readonly ServiceInstance[] {
  return instances.filter((instance) => {
    const keep = isKept(instance);
    if (!keep) dropped.set(instance, { instance, reason, detail });
    return keep;
  });
}

function inOrder(instances: readonly ServiceInstance[], dropped: ReadonlyMap<ServiceInstance, Dropped>): readonly Dropped[] {
  const result: Dropped[] = [];
  for (const instance of instances) {
    const entry = dropped.get(instance);
    if (entry !== undefined) result.push(entry);
  }
  return result;
}

/** Zone and subset always leave somebody, so that only these can empty a list. */
function whyNone(
  instances: readonly ServiceInstance[],
  dropped: ReadonlyMap<ServiceInstance, Dropped>,
  { filter }: SelectionRules,
  service: string,
): string {
  const of = `of ${quote(service)}`;
  if (instances.length === 0) return `no instances ${of} are registered`;
  const counts = countReasons(dropped.values());
  const wanted = filter?.description ?? '';
  if (counts.get('draining') === instances.length) return `every instance ${of} has weight 0 (draining)`;
  if (counts.get('filtered') === instances.length) {
    return instances.length === 1 ? `the only instance ${of} does not match the filter (${wanted})` : `none of ${instances.length} instances ${of} match the filter (${wanted})`;
  }
  return `none of ${instances.length} instances ${of} can be called: ${describeCounts(counts, filter?.description)}`;
}
