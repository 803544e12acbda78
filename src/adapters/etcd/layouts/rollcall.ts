import { instanceFromRecord } from '../../../core/instance.js';
import { parseJsonObject, tryJsonObject } from './go-fields.js';
import { carriedFields } from './carried.js';
import type { Layout } from './layout.js';

/**
 * The native layout: `<prefix>/<service>/<id>` → `{"address":"10.0.0.1:8000","weight":100,"metadata":{}}`.
 * Service and id stand in the key only, so the two cannot disagree. Only `address` is required when reading, and
 * unknown fields are left aside: a person with etcdctl, or a newer version, may write it too.
 */
export const rollcallLayout: Layout = {
  name: 'rollcall',
  defaultPrefix: '/rollcall',
  carries: new Set(carriedFields),
  suffix: (instance) => instance.id,
  encode: ({ address, weight, version, zone, metadata }) => JSON.stringify({ address, weight, version, zone, metadata }),
  decode: ({ service, suffix, value }) => instanceFromRecord(service, suffix, parseJsonObject(value)),
  // As Kitex has an address too, and always says the network.
  recognises({ value }) {
    const record = tryJsonObject(value);
    return record !== undefined && 'address' in record && !('network' in record);
  },
};
