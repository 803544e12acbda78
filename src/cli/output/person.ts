import type { ServiceInstance } from '../../core/instance.js';
import { recordLayout } from '../../core/record-layout.js';
import type { SkippedRecord, Snapshot } from '../../core/snapshot.js';
import { table } from './table.js';
import { duration, type Paint, printable } from './terminal.js';

/** The forms for a person. Everything that comes out of the registry goes through `printable`. */
export function instanceTable(instances: readonly ServiceInstance[], paint: Paint): string {
  // A backend with one form only has nothing to say about it.
  const layouts = instances.some((each) => recordLayout(each) !== undefined);
  const rows = instances.map((instance) => {
    const { id, address, weight, version, zone, metadata } = instance;
    return [id, address, String(weight), version ?? '', zone ?? '', ...(layouts ? [recordLayout(instance) ?? ''] : []), pairs(metadata)].map(printable);
  });
  return table(['ID', 'ADDRESS', 'WEIGHT', 'VERSION', 'ZONE', ...(layouts ? ['LAYOUT'] : []), 'METADATA'], rows, paint);
}

/** All services of a cluster, whoever wrote them. */
export function serviceTable(snapshots: readonly Snapshot[], paint: Paint): string {
  const rows = snapshots.map(({ service, instances }) => [service, String(instances.length), layoutsOf(instances).join(' ')].map(printable));
  return table(['SERVICE', 'INSTANCES', 'LAYOUTS'], rows, paint);
}

export function layoutsOf(instances: readonly ServiceInstance[]): readonly string[] {
  return [...new Set(instances.map(recordLayout).filter((layout) => layout !== undefined))].sort();
}

/** What a snapshot brought, after a heading that says when (since the watch began) and how things stand. */
export function changeLog(snapshot: Snapshot, before: Snapshot | undefined, times: { readonly begun: number; readonly now: number }, paint: Paint): string {
  const { added, removed, changed, instances } = snapshot;
  const when = paint('dim', `${duration(times.now - times.begun).padStart(6)} `);
  const count = `${printable(snapshot.service)}: ${instances.length === 0 ? 'no instances' : instances.length === 1 ? '1 instance' : `${instances.length} instances`}`;
  return [
    `${when} ${paint('bold', count)}${standing(snapshot, before, times.now, paint)}`,
    ...added.map((each) => paint('green', `        + ${details(each)}`)),
    ...removed.map((each) => paint('red', `        - ${details(each)}`)),
    ...changed.map((each) => paint('yellow', `        ~ ${details(each)}`)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

export function skippedLine({ key, reason }: SkippedRecord): string {
  return `rollcall: skipped the record ${printable(key)}: ${printable(reason)}\n`;
}

function standing(snapshot: Snapshot, before: Snapshot | undefined, now: number, paint: Paint): string {
  if (snapshot.status === 'stale') {
    const why = snapshot.reason === undefined ? '' : ` because ${printable(snapshot.reason.message)}`;
    return paint('yellow', `, stale since ${duration(now - snapshot.since)} ago${why}`);
  }
  return before?.status === 'stale' ? paint('green', `, live again after ${duration(snapshot.since - before.since)}`) : '';
}

function details(instance: ServiceInstance): string {
  const { id, address, weight, version, zone, metadata } = instance;
  const layout = recordLayout(instance);
  const fields = [
    id,
    ...(address === id ? [] : [address]),
    `weight ${weight}`,
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    ...(layout === undefined ? [] : [`layout ${layout}`]),
    pairs(metadata),
  ];
  return fields.filter((field) => field !== '').map(printable).join('  ');
}

function pairs(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
