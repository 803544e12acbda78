import { RollcallError } from '../../../core/errors.js';
import { defaultWeight, instanceFromRecord, maxWeight, type ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { goField, goText, type JsonObject, parseJsonObject, tryJsonObject } from './go-fields.js';
import { goJson, goMap } from './go-json.js';
import { goStringMap } from './go-typed-fields.js';
import type { Layout } from './layout.js';
import { checkWellFormed } from './well-formed.js';

/**
 * The layout of Kratos (https://github.com/go-kratos/kratos/blob/main/contrib/registry/etcd/registry.go, the record in registry/registry.go there):
 *
 *     /microservices/<Name>/<ID> → {"id":"6f9c","name":"helloworld","version":"v1.0.0","metadata":{"weight":"10"},"endpoints":["grpc://127.0.0.1:9000"]}
 *
 * `/microservices` is Kratos's default namespace and can be set; the ID is a UUID unless set; a lease for each registration, 15 s.
 *
 * It carries id, version, metadata and weight. Unset fields are written as Go does: version `""`, metadata `null`. The weight is the metadata entry
 * `weight`, a decimal integer, which Kratos's selector reads and takes for 100 where it is missing or none (selector/default_node.go); so 100 is not
 * written, and an entry `weight` that is no integer is read as metadata, with weight 100. Of Kratos's balancers only `wrr`, its default, goes by weights;
 * it gives an instance of weight 0 calls only where there is no other.
 *
 * The address is that of the first endpoint with scheme `grpc`, else `grpcs`; it is written as `grpc://`, which only clients without TLS look for.
 * As in Kratos, a record whose `name` is not the service counts for none.
 */
export const kratosLayout: Layout = {
  name: 'kratos',
  defaultPrefix: '/microservices',
  carries: new Set(['id', 'weight', 'version', 'metadata']),
  check(instance) {
    checkWellFormed(instance);
    checkHost(instance.address);
    if (instance.version === '') throw invalid('version "" cannot be told from none in layout kratos; leave it out');
    if ('weight' in instance.metadata) {
      throw invalid(`metadata "weight" is ${quote(instance.metadata.weight)}, and layout kratos keeps the instance's weight there; set weight instead`);
    }
  },
  suffix: (instance) => instance.id,
  encode: ({ service, id, version, weight, metadata, address }) =>
    goJson({
      id,
      name: service,
      version: version ?? '',
      metadata: goMap(weight === defaultWeight ? metadata : { ...metadata, weight: String(weight) }),
      endpoints: [`grpc://${address.replace('%', '%25')}`],
    }),
  decode({ service, suffix, value }) {
    const record = parseJsonObject(value);
    goText(record, 'id');
    const name = goText(record, 'name') ?? '';
    if (name !== service) throw invalid(`name ${quote(name)} is not the service ${quote(service)} of the key, so Kratos leaves it aside`);
    const address = addressOf(goField(record, 'endpoints'));
    const version = goText(record, 'version');
    return instanceFromRecord(service, suffix, { address, version: version === '' ? undefined : version, ...weighted(record) });
  },
  recognises({ value }) {
    const names = new Set(Object.keys(tryJsonObject(value) ?? {}).map((name) => name.toLowerCase()));
    // A go-micro record has endpoints as well, but its nodes have the ids, not itself.
    return names.has('id') && names.has('endpoints');
  },
};

function weighted(record: JsonObject): Pick<ServiceInstance, 'weight' | 'metadata'> {
  const all = goStringMap(record, 'metadata');
  const weight = weightOf(all.weight);
  if (weight === undefined) return { weight: defaultWeight, metadata: all };
  return { weight, metadata: Object.fromEntries(Object.entries(all).filter(([key]) => key !== 'weight')) };
}

/** `undefined` where Kratos, too, takes the default: for what is no 64-bit integer to Go's `strconv.ParseInt`. */
function weightOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const weight = BigInt(text);
  if (BigInt.asIntN(64, weight) !== weight) return undefined;
  if (weight < 0 || weight > maxWeight) throw invalid(`metadata "weight" is ${quote(text)}, which is not from 0 to ${maxWeight}`);
  return Number(weight);
}

function addressOf(endpoints: unknown): string {
  if (endpoints === undefined || (Array.isArray(endpoints) && endpoints.length === 0)) throw invalid('it has no endpoints');
  if (!Array.isArray(endpoints)) throw invalid(`endpoints ${quote(endpoints)} is not an array`);
  const urls = endpoints.filter((each) => each !== null).map((each: unknown) => {
    if (typeof each !== 'string') throw invalid(`endpoint ${quote(each)} is not a string`);
    return each;
  });
  const endpoint = urls.find((url) => /^grpc:/i.test(url)) ?? urls.find((url) => /^grpcs:/i.test(url));
  if (endpoint === undefined) throw invalid(`none of its endpoints is a gRPC one (${urls.slice(0, 5).map(quote).join(', ')})`);
  // What Go's net/url takes for the host; a zone of IPv6 stands there as %25 (RFC 6874).
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(endpoint)?.[1] ?? '';
  if (host === '') throw invalid(`endpoint ${quote(endpoint)} names no host`);
  return host.replace('%25', '%');
}

/** What an endpoint's URL can say and Kratos dial: no socket in the file system, and of an IPv6 zone only characters that need no escape. */
function checkHost(address: string): void {
  if (address.startsWith('unix:')) throw invalid(`address ${quote(address)} is a socket in the file system, which layout kratos cannot carry`);
  if (!/^(?:[\w.-]+|\[[\da-f:.]+(?:%[\w.~-]+)?\]):\d+$/i.test(address)) throw invalid(`address ${quote(address)} cannot stand in a URL, so layout kratos cannot carry it`);
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_INSTANCE', message);
}
