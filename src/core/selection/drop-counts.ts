import type { DropReason } from './candidate.js';

/**
 * Why a record gets no calls: as a selection drops it, and besides
 * - `undecodable`: the record could not be read.
 * - `undialable`: its address is none that can be dialled.
 * - `unhealthy`: it says that it is not serving, or no connection to it comes about.
 * - `stale`: the whole service is failed, see `staleBudget`.
 */
export type ExplainReason = DropReason | 'undecodable' | 'undialable' | 'unhealthy' | 'stale';

/** In the order in which they are told. */
const phrases: Readonly<Record<ExplainReason, string>> = {
  superseded: 'superseded',
  draining: 'draining',
  filtered: 'filtered out',
  zone: 'in other zones',
  subset: 'left to other clients',
  undecodable: 'that could not be read',
  undialable: 'with an address that cannot be dialled',
  unhealthy: 'unhealthy or out of reach',
  stale: 'stale',
};

export function countReasons(entries: Iterable<{ readonly reason?: ExplainReason }>): ReadonlyMap<ExplainReason, number> {
  const counts = new Map<ExplainReason, number>();
  for (const { reason } of entries) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** `2 draining, 3 filtered out (version 1.4.*)` */
export function describeCounts(counts: ReadonlyMap<ExplainReason, number>, filter: string | undefined): string {
  return (Object.keys(phrases) as ExplainReason[])
    .filter((reason) => counts.has(reason))
    .map((reason) => `${counts.get(reason) ?? 0} ${phrases[reason]}${reason === 'filtered' && filter !== undefined ? ` (${filter})` : ''}`)
    .join(', ');
}
