import { RollcallError } from '../../../core/errors.js';
import { quote } from '../../../core/quote.js';
import { checkKitexWeight, kitexRecords, toKitexRecord } from './kitex-record.js';
import type { Layout } from './layout.js';
import { checkWellFormed } from './well-formed.js';

/**
 * The layout of Hertz (https://github.com/hertz-contrib/registry/blob/main/etcd/option.go; written by registry.go, read by resolver.go there):
 *
 *     hertz/registry-etcd/<service>/<host:port> → {"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}
 *
 * No leading slash; the prefix cannot be set in Hertz. A lease for each registration, 60 s. Records are Kitex's, and carry what Kitex's do; the JSON is
 * that of bytedance/sonic, which escapes no HTML and sorts no maps. Hertz dials over TCP alone, so a socket cannot be written.
 *
 * Hertz is an HTTP framework: what it registers answers gRPC only if somebody made it so, and its clients speak HTTP to what we register.
 */
export const hertzLayout: Layout = {
  ...kitexRecords,
  name: 'hertz',
  defaultPrefix: 'hertz/registry-etcd',
  check(instance) {
    checkWellFormed(instance);
    if (instance.address.startsWith('unix:')) {
      throw new RollcallError('INVALID_INSTANCE', `address ${quote(instance.address)} is a socket in the file system, which layout hertz cannot carry`);
    }
    checkKitexWeight(instance);
  },
  encode(instance) {
    const tags = Object.keys(instance.metadata).length === 0 ? null : instance.metadata;
    // Two characters that sonic escapes otherwise than JSON.stringify; a pair of backslashes is passed over as one escape.
    return JSON.stringify({ ...toKitexRecord(instance), tags }).replace(/\\./g, (escape) => (escape === '\\b' ? '\\u0008' : escape === '\\f' ? '\\u000c' : escape));
  },
};
