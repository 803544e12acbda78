import { RollcallError } from '../../../core/errors.js';
import { defaultWeight, instanceFromRecord, type ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { goQuery, parseGoQuery } from './go-query.js';
import type { Layout, StoredRecord } from './layout.js';
import { checkNetworkAddress, fromNetworkAddress, toNetworkAddress } from './network-address.js';
import { fromScale, toScale } from './weight-scale.js';
import { checkWellFormed } from './well-formed.js';

/** rpcx takes an instance without a weight for one of weight 1. */
const scale = defaultWeight;

/**
 * The layout of rpcx (https://github.com/rpcxio/rpcx-etcd/blob/master/serverplugin/etcdv3.go; read by client/etcdv3_discovery.go there):
 *
 *     /rpcx/<service>/<network>@<address> → group=test&weight=7
 *
 * The prefix is rpcx's `BasePath`, which has no default; `/rpcx` is ours. One lease for a process, 30 s. The value is whatever metadata the server was
 * registered with, as a URL query, often empty.
 *
 * It carries weight and metadata; the address stands in the key. The weight is the entry `weight`, and an instance without one has weight 1
 * (smallnest/rpcx, client/selector.go): one of rpcx's weight is a hundred of ours, and none is written for 100. An entry that is no integer is read as
 * metadata, with weight 100. Weight 0, which asks for no calls, is `state=inactive`, the instances that rpcx's clients leave out
 * (client/xclient_discovery.go); other values of `state` are metadata. Of several values of a key the first is read.
 *
 * Networks are `tcp` and `unix`, and, when reading, `grpc`: what rpcx's clients are given for a server that speaks gRPC alone
 * (https://github.com/rpcxio/rpcxplus/tree/master/grpcx). Its id is the key's last part, `grpc@10.0.0.1:9000`, as `tcp@10.0.0.1:9000` may stand beside it.
 *
 * rpcx writes markers at the BasePath and at `<BasePath>/<service>`. They stand above the records, or among them where a BasePath or a service's name
 * holds a slash; such a one is no instance.
 */
export const rpcxLayout: Layout = {
  name: 'rpcx',
  defaultPrefix: '/rpcx',
  carries: new Set(['weight', 'metadata']),
  check(instance) {
    checkWellFormed(instance);
    checkNetworkAddress(instance);
    toScale(instance.weight, scale);
    checkMetadata(instance);
  },
  suffix(instance) {
    const { network, address } = toNetworkAddress(instance.address);
    return `${network}@${address}`;
  },
  encode({ weight, metadata }) {
    const values = new Map(Object.entries(metadata));
    if (weight === 0) values.set('state', 'inactive');
    else if (weight !== defaultWeight) values.set('weight', String(toScale(weight, scale)));
    return goQuery(values);
  },
  decode(record) {
    if (isMarker(record)) return undefined;
    const { service, suffix, value } = record;
    const at = suffix.indexOf('@');
    if (at < 0) throw new RollcallError('INVALID_INSTANCE', `key ${quote(suffix)} says no network, as in tcp@10.0.0.1:8972`);
    const network = suffix.slice(0, at);
    const written = suffix.slice(at + 1);
    const address = network === 'grpc' ? written : fromNetworkAddress(network, written);
    return instanceFromRecord(service, network === 'grpc' ? suffix : address, { address, ...weighted(parseGoQuery(value)) });
  },
  recognises: (record) => isMarker(record) || (/^[a-z][a-z0-9]*@./.test(record.suffix) && !/^\s*\{/.test(record.value)),
};

/** A marker's value is the name of the path, or a fixed word for the BasePath; its key names no network. */
function isMarker({ service, suffix, value }: StoredRecord): boolean {
  if (suffix.includes('@') || value.includes(':')) return false;
  return value === 'rpcx_path' || `/${service}/${suffix}`.endsWith(`/${value}`);
}

function weighted(values: ReadonlyMap<string, string>): Pick<ServiceInstance, 'weight' | 'metadata'> {
  const metadata = new Map(values);
  const weight = weightOf(values.get('weight'));
  if (weight !== undefined) metadata.delete('weight');
  const inactive = values.get('state') === 'inactive';
  if (inactive) metadata.delete('state');
  return { weight: inactive ? 0 : (weight ?? defaultWeight), metadata: Object.fromEntries(metadata) };
}

/** `undefined` where rpcx, too, takes the default: for what Go's `strconv.Atoi` does not read as 64 bits. */
function weightOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const weight = Number(text);
  if (Math.abs(weight) >= 2 ** 63) return undefined;
  // The sum makes 0 of a minus zero.
  return fromScale(weight + 0, scale);
}

/** Refuses metadata that would be read as the weight. */
function checkMetadata({ weight, metadata }: ServiceInstance): void {
  if ('weight' in metadata) throw new RollcallError('INVALID_INSTANCE', `metadata "weight" is ${quote(metadata.weight)}, and layout rpcx keeps the instance's weight there; set weight instead`);
  if ('state' in metadata && (weight === 0 || metadata.state === 'inactive')) {
    throw new RollcallError('INVALID_INSTANCE', `metadata "state" is ${quote(metadata.state)}, and layout rpcx says there that an instance of weight 0 is inactive; set weight instead`);
  }
}
