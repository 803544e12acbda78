import { goJson, goMap } from './go-json.js';
import { checkKitexWeight, kitexRecords, toKitexRecord } from './kitex-record.js';
import type { Layout } from './layout.js';
import { checkNetworkAddress } from './network-address.js';
import { checkWellFormed } from './well-formed.js';

/**
 * The layout of Kitex (https://github.com/kitex-contrib/registry-etcd/blob/main/common.go; written by etcd_registry.go, read by etcd_resolver.go there):
 *
 *     kitex/registry-etcd/<service>/<host:port> → {"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}
 *
 * No leading slash; the prefix can be set. A lease for each registration, 60 s.
 *
 * It carries weight and metadata. Kitex's default weight is 10, so one of its weight is ten of ours, and its resolver takes 0, less than 0 and none for
 * 10: a weight that is 0 or no multiple of 10 cannot be written. `tags` is the metadata, `null` where it is empty. A socket stands in key and value as
 * its path, with network `unix`.
 *
 * Kitex writes an IPv6 address without brackets (`2001:db8::7:8888`), which neither its own clients nor others can dial; it is refused. We write brackets.
 */
export const kitexLayout: Layout = {
  ...kitexRecords,
  name: 'kitex',
  defaultPrefix: 'kitex/registry-etcd',
  check(instance) {
    checkWellFormed(instance);
    checkNetworkAddress(instance);
    checkKitexWeight(instance);
  },
  encode: (instance) => goJson({ ...toKitexRecord(instance), tags: goMap(instance.metadata) }),
};
