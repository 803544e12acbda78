import type { ServiceInstance } from '../../core/instance.js';
import { recordLayout } from '../../core/record-layout.js';
import type { Snapshot } from '../../core/snapshot.js';

/** The `--json` forms: one object a line, every field always there. `docs/cli.md` promises them to programs. */
export function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

export interface InstanceJson {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  readonly version: string | null;
  readonly zone: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** How the record is written; only where the backend knows several forms, as etcd does. */
  readonly layout?: string;
}

export function instanceJson(instance: ServiceInstance): InstanceJson {
  const { id, address, weight, version, zone, metadata } = instance;
  const layout = recordLayout(instance);
  return { id, address, weight, version: version ?? null, zone: zone ?? null, metadata, ...(layout === undefined ? {} : { layout }) };
}

export function snapshotJson(snapshot: Snapshot, time: number): object {
  const { service, status, since, reason, revision, instances, added, removed, changed } = snapshot;
  return {
    time,
    service,
    status,
    revision,
    instances: instances.map(instanceJson),
    added: ids(added),
    removed: ids(removed),
    changed: ids(changed),
    ...(status === 'stale' ? { since, reason: reason?.message ?? null } : {}),
  };
}

export type RegistrationEvent = 'registered' | 'recovering' | 'superseded' | 'deregistered';

export function registrationJson(event: RegistrationEvent, { service, id, address }: ServiceInstance, time: number): object {
  return { time, event, service, id, address };
}

function ids(instances: readonly ServiceInstance[]): string[] {
  return instances.map(({ id }) => id);
}
