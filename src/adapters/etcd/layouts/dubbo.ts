import { RollcallError } from '../../../core/errors.js';
import { formatAddress, parseAddress } from '../../../core/address.js';
import { defaultWeight, instanceFromRecord, type ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { checkDubboProtocol } from './dubbo-endpoints.js';
import { goField, goText, parseJsonObject, tryJsonObject } from './go-fields.js';
import { goJson } from './go-json.js';
import { goInteger, goStringMap } from './go-typed-fields.js';
import type { Layout } from './layout.js';
import { fromNetworkAddress } from './network-address.js';
import { fromScale } from './weight-scale.js';
import { checkWellFormed } from './well-formed.js';

/**
 * The layout of dubbo-go's application-level service discovery
 * (https://github.com/apache/dubbo-go/blob/main/registry/etcdv3/service_discovery.go, the record in registry/service_instance.go there):
 *
 *     /services/<application>/<host>:<port> → {"ID":"10.0.0.1:20000","ServiceName":"orders","Host":"10.0.0.1","Port":20000,"Weight":0,"Enable":true,
 *       "Healthy":true,"Metadata":{…},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""} and a newline
 *
 * The prefix is fixed. A lease for each record, 30 s. The service is the application; an application writes a record for each port it listens on.
 *
 * It carries weight and metadata. dubbo-go's default weight is 100 as well; it writes 0 and reads 0 and less as 100, so 100 is written as 0, and weight 0
 * cannot be written. `Enable` and `Healthy` are always true: dubbo-go's clients look at neither, nor do we. `Tag`, `GroupName`, `Address` and
 * `ServiceMetadata` are left aside when read.
 *
 * The metadata are dubbo's own entries, such as `dubbo.metadata.revision`. `dubbo.endpoints` in it says which protocol each port speaks; where it names the
 * record's port for others than `tri` and `grpc`, no gRPC client can call it, and the record is refused.
 *
 * Reading is what works as it is. A dubbo-go client dials what is written here only if it finds the interfaces too
 * (registry/servicediscovery/service_instances_changed_listener_impl.go): the metadata has to say `dubbo.metadata.storage-type` `remote` and a
 * `dubbo.metadata.revision`, and dubbo's metadata report has to hold the services of that revision, and which application serves an interface.
 * Nobody writes those here.
 */
export const dubboLayout: Layout = {
  name: 'dubbo',
  defaultPrefix: '/services',
  carries: new Set(['weight', 'metadata']),
  check(instance) {
    checkWellFormed(instance);
    const { port } = hostAndPort(instance);
    checkDubboProtocol(instance.metadata, port);
    if (instance.weight === 0) throw invalid('weight 0 means the default weight in layout dubbo, so an instance that asks for no calls would get them; deregister it instead');
  },
  suffix: (instance) => instance.address,
  encode(instance) {
    const { service, address, weight, metadata } = instance;
    const { host, port } = hostAndPort(instance);
    return `${goJson({
      ID: address,
      ServiceName: service,
      Host: host,
      Port: port,
      Weight: weight === defaultWeight ? 0 : weight,
      Enable: true,
      Healthy: true,
      Metadata: new Map(Object.entries(metadata)),
      ServiceMetadata: null,
      Address: '',
      GroupName: '',
      Tag: '',
    })}\n`;
  },
  decode({ service, suffix, value }) {
    const record = parseJsonObject(value);
    const host = goText(record, 'Host');
    const port = goInteger(record, 'Port');
    if (host === undefined || port === undefined) throw invalid(`value ${quote(value)} lacks Host or Port`);
    const metadata = goStringMap(record, 'Metadata');
    checkDubboProtocol(metadata, port);
    const address = fromNetworkAddress('tcp', formatAddress(host, port));
    return instanceFromRecord(service, suffix, { address, weight: weightOf(goInteger(record, 'Weight')), metadata });
  },
  recognises({ value }) {
    const record = tryJsonObject(value);
    return record !== undefined && goField(record, 'Host') !== undefined && (goField(record, 'ServiceName') ?? goField(record, 'Port')) !== undefined;
  },
};

/** dubbo puts the two together with a colon, so an IPv6 host keeps its brackets. */
function hostAndPort({ address }: ServiceInstance): { readonly host: string; readonly port: number } {
  const parsed = parseAddress(address);
  if (parsed.kind === 'unix') throw invalid(`address ${quote(address)} is a socket in the file system, which layout dubbo cannot carry`);
  const { port } = parsed;
  if (!address.endsWith(`:${port}`)) throw invalid(`address ${quote(address)} has a port with leading zeros, which layout dubbo cannot carry`);
  return { host: address.slice(0, address.lastIndexOf(':')), port };
}

function weightOf(weight: number | undefined): number {
  return weight === undefined || weight <= 0 ? defaultWeight : fromScale(weight, 1);
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_INSTANCE', message);
}
