/** A number that happened often, with its extremes. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly worst: number;
}

export interface Memory {
  readonly minute: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

/** What a run amounts to; printed at its end, with `--json` as it stands. */
export interface Figures {
  readonly seed: number;
  readonly members: number;
  readonly seconds: number;
  readonly steps: number;
  /** By kind: how often it was carried out, and how often there was nothing to do. */
  readonly stepsByKind: Readonly<Record<string, { readonly done: number; readonly passedOver: number }>>;
  /** By operation and how it ended. */
  readonly operations: Readonly<Record<string, number>>;
  readonly registrations: number;
  readonly snapshots: { readonly delivered: number; readonly checked: number };
  readonly stale: { readonly count: number; readonly longestMs: number };
  /** By kind of fault, in milliseconds from its end until live and equal. */
  readonly recoveries: Readonly<Record<string, Spread>>;
  readonly settlesMs: Spread;
  readonly leases: { readonly revoked: number; readonly lost: number };
  readonly missing: { readonly count: number; readonly longestMs: number };
  readonly memory: { readonly start: Memory | undefined; readonly middle: Memory | undefined; readonly end: Memory | undefined };
  readonly violations: readonly string[];
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { count: sorted.length, median: Math.round(sorted[sorted.length >> 1] ?? 0), worst: Math.round(sorted.at(-1) ?? 0) };
}

/** The figures as a person reads them. */
export function describe(figures: Figures): string {
  const { stepsByKind, operations, recoveries, memory } = figures;
  const table = (rows: readonly (readonly string[])[]): string => {
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd()).join('\n');
  };
  const byName = <T>(record: Readonly<Record<string, T>>): [string, T][] => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const mb = (at: Memory | undefined): string => (at === undefined ? '-' : `${at.rssMb} MB (heap ${at.heapMb} MB)`);
  return [
    `seed ${figures.seed}, ${figures.members} member${figures.members === 1 ? '' : 's'}, ${figures.steps} steps in ${Math.round(figures.seconds)} s`,
    '',
    table([['step', 'done', 'nothing to do'], ...byName(stepsByKind).map(([kind, { done, passedOver }]) => [kind, String(done), String(passedOver)])]),
    '',
    table([['operation', 'times'], ...byName(operations).map(([what, count]) => [what, String(count)])]),
    '',
    table([
      ['from the end of a fault to live and equal', 'times', 'median', 'worst'],
      ...byName(recoveries).map(([kind, { count, median, worst }]) => [kind, String(count), `${median} ms`, `${worst} ms`]),
      ['settling, everything lifted', String(figures.settlesMs.count), `${figures.settlesMs.median} ms`, `${figures.settlesMs.worst} ms`],
    ]),
    '',
    `registrations              ${figures.registrations}`,
    `snapshots                  ${figures.snapshots.delivered} delivered, ${figures.snapshots.checked} held against etcd's history`,
    `stale periods              ${figures.stale.count}, the longest ${figures.stale.longestMs} ms`,
    `leases                     ${figures.leases.revoked} revoked by the operator, ${figures.leases.lost} lost to faults`,
    `live registrations missing ${figures.missing.count} times, ${figures.missing.longestMs} ms at the longest, outages included`,
    `memory                     start ${mb(memory.start)}, middle ${mb(memory.middle)}, end ${mb(memory.end)}`,
    '',
    figures.violations.length === 0 ? 'No invariant was broken.' : `Broken invariants:\n${figures.violations.map((each) => `  ${each}`).join('\n')}`,
  ].join('\n');
}
