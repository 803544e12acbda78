import { toRollcallError } from '../../core/errors.js';
import { instanceFromRecord, type ServiceInstance } from '../../core/instance.js';
import type { RecordChange, RecordState } from '../../core/service-feed.js';
import type { RecordMutation, StoredRecord } from './server.js';

/**
 * An instance as the JSON text that the server keeps. Text and not the object: what one connection writes, another
 * decodes, so nobody shares references and a record can be garbage, as on a real backend.
 */
export function encodeRecord(instance: ServiceInstance): string {
  const { address, weight, version, zone, metadata } = instance;
  return JSON.stringify({ address, weight, version, zone, metadata });
}

export function decodeRecord({ service, id, value }: StoredRecord, revision: bigint | undefined): RecordState {
  // A service name holds no slash, so the first one ends it.
  const key = `${service}/${id}`;
  try {
    const record: unknown = JSON.parse(value);
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return { key, skipped: 'is not a JSON object' };
    return { key, instance: instanceFromRecord(service, id, record as Record<string, unknown>), revision: revision?.toString() };
  } catch (error) {
    return { key, skipped: error instanceof SyntaxError ? `is not JSON: ${error.message}` : toRollcallError(error).message };
  }
}

export function decodeMutation(mutation: RecordMutation, revision: bigint): RecordChange {
  return mutation.value === undefined ? { key: `${mutation.service}/${mutation.id}`, deleted: true } : decodeRecord(mutation, revision);
}
