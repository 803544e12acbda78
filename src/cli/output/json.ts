import type { ServiceInstance } from '../../core/instance.js';
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
}

export function instanceJson({ id, address, weight, version, zone, metadata }: ServiceInstance): InstanceJson {
  return { id, address, weight, version: version ?? null, zone: zone ?? null, metadata };
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
