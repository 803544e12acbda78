import { RollcallError } from '../../../core/errors.js';
import { instanceFromRecord } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import type { Layout } from './layout.js';

/**
 * The native layout: `<prefix>/<service>/<id>` → `{"address":"10.0.0.1:8000","weight":100,"metadata":{}}`.
 * Service and id stand in the key only, so the two cannot disagree. Only `address` is required when reading, and
 * unknown fields are left aside: a person with etcdctl, or a newer version, may write it too.
 */
export const rollcallLayout: Layout = {
  name: 'rollcall',
  check: () => undefined,
  suffix: (instance) => instance.id,
  encode: ({ address, weight, version, zone, metadata }) => JSON.stringify({ address, weight, version, zone, metadata }),
  decode(service, suffix, value) {
    let record: unknown;
    try {
      record = JSON.parse(value);
    } catch (cause) {
      throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} is not JSON`, { cause });
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} is not a JSON object`);
    }
    return instanceFromRecord(service, suffix, record as Record<string, unknown>);
  },
};
