import { isUtf8 } from 'node:buffer';

import type { ServiceInstance } from '../../src/core/index.js';
import type { RawRecord } from '../support/raw-etcd.js';

export const prefix = '/soak';

/** One key as etcd holds it, read by a decoder of our own: the library's may be what is wrong. */
export interface StoredRecord {
  readonly key: string;
  readonly service: string;
  readonly id: string;
  /** `'0'` for none. */
  readonly lease: string;
  /** Everything that an instance says, as text to be compared; `undefined` for garbage. */
  readonly instance: string | undefined;
  /** Which registration wrote it; `undefined` for garbage. */
  readonly registration: string | undefined;
}

export function keyOf(service: string, id: string): string {
  return `${prefix}/${service}/${id}`;
}

/** The record under a key of ours; `undefined` for a key that is none. */
export function readRecord(key: string, value: Buffer, lease: string): StoredRecord | undefined {
  if (!key.startsWith(`${prefix}/`)) return undefined;
  const [service = '', ...rest] = key.slice(prefix.length + 1).split('/');
  const id = rest.join('/');
  const fields = value.length <= 65_536 && isUtf8(value) ? parse(value.toString()) : undefined;
  const weight = fields?.weight ?? 100;
  const valid = fields !== undefined && typeof fields.address === 'string' && Number.isInteger(weight);
  const metadata = (fields?.metadata ?? {}) as Record<string, string>;
  return {
    key,
    service,
    id,
    lease,
    instance: valid ? textOf({ service, id, address: fields.address as string, weight: weight as number, metadata }) : undefined,
    registration: valid ? metadata.registration : undefined,
  };
}

export function fromRaw({ key, value, lease }: RawRecord): StoredRecord | undefined {
  return readRecord(key, value, lease);
}

/** Two instances are the same if and only if their texts are. */
export function textOf({ service, id, address, weight, version, zone, metadata }: ServiceInstance): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([service, id, address, weight, version ?? null, zone ?? null, sorted]);
}

/** What the run puts in the way of readers; none of it is an instance. */
export const garbage: readonly Buffer[] = [
  Buffer.from([0xff, 0x00, 0x7b]),
  Buffer.alloc(0),
  Buffer.from('[]'),
  Buffer.from('null'),
  Buffer.from('{"address":17}'),
  Buffer.from('{"weight":1}'),
  Buffer.from('{"address":"10.0.0.1:1","weight":"heavy"}'),
  Buffer.alloc(70_000, 'x'),
];

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
