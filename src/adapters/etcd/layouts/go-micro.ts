import { RollcallError } from '../../../core/errors.js';
import { instanceFromRecord } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { goField, goText, isJsonObject, type JsonObject, parseJsonObject, tryJsonObject } from './go-fields.js';
import { goJson, goMap } from './go-json.js';
import { goStringMap } from './go-typed-fields.js';
import type { Layout } from './layout.js';
import { checkWellFormed } from './well-formed.js';

/** What a go-micro server says that was given no version (server/server.go). */
const noVersion = 'latest';

/**
 * The layout of go-micro (https://github.com/micro/go-micro/blob/master/registry/etcd/etcd.go, the record in registry/registry.go there):
 *
 *     /micro/registry/<service>/<node id> →
 *       {"name":"helloworld","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"helloworld-6f9c","address":"10.0.0.1:50051"}]}
 *
 * The prefix is fixed, and so is one node a key. A `/` in the service's name or the node's id is a `-` in the key. A lease for each node, 90 s.
 *
 * It carries id, version and metadata, which is the node's. An instance without a version is written as version `latest`, go-micro's default. Endpoints
 * describe a server's methods, and go-micro's clients call without them; they and the service's metadata are written as a server has them that has none.
 *
 * A node's `protocol`, in its metadata, is `grpc` for go-micro's gRPC server, and `mucp` or `http` for its others, which no gRPC client can call: those
 * are refused. go-micro's gRPC client needs no metadata, so we add none; it uses TLS for port 443, and else only if told to.
 */
export const goMicroLayout: Layout = {
  name: 'go-micro',
  defaultPrefix: '/micro/registry',
  carries: new Set(['id', 'version', 'metadata']),
  check(instance) {
    const { id, version, metadata } = instance;
    checkWellFormed(instance);
    if (id.includes('/')) throw invalid(`id ${quote(id)} holds a slash, which stands as - in the keys of layout go-micro; give an id without one`);
    if (version === noVersion) throw invalid(`version ${quote(version)} is what layout go-micro writes for none; leave it out`);
    checkProtocol(metadata);
  },
  suffix: (instance) => instance.id,
  encode: ({ service, id, address, version, metadata }) =>
    goJson({ name: service, version: version ?? noVersion, metadata: null, endpoints: [], nodes: [{ metadata: goMap(metadata), id, address }] }),
  decode({ service, suffix, value }) {
    const record = parseJsonObject(value);
    const node = nodeOf(record, suffix);
    const metadata = goStringMap(node, 'metadata');
    checkProtocol(metadata);
    const version = goText(record, 'version');
    return instanceFromRecord(service, suffix, { address: goText(node, 'address'), version: version === noVersion ? undefined : version, metadata });
  },
  recognises({ value }) {
    const record = tryJsonObject(value);
    return record !== undefined && Object.keys(record).some((name) => name.toLowerCase() === 'nodes');
  },
};

/** The only node; else, as a key stands for one, that whose id the key names. */
function nodeOf(record: JsonObject, suffix: string): JsonObject {
  const nodes = goField(record, 'nodes');
  if (nodes === undefined) throw invalid('it has no nodes');
  if (!Array.isArray(nodes)) throw invalid(`nodes ${quote(nodes)} is not an array`);
  const named = nodes.length === 1 ? nodes : nodes.filter((node: unknown) => isJsonObject(node) && keyOf(goField(node, 'id')) === suffix);
  if (named.length !== 1) throw invalid(`${named.length} of its ${nodes.length} nodes have the id ${quote(suffix)} of its key`);
  const node: unknown = named[0];
  if (!isJsonObject(node)) throw invalid(`node ${quote(node)} is not an object`);
  return node;
}

function keyOf(id: unknown): unknown {
  return typeof id === 'string' ? id.replaceAll('/', '-') : id;
}

function checkProtocol({ protocol }: Readonly<Record<string, string>>): void {
  if (protocol === undefined || protocol === '' || protocol === 'grpc') return;
  throw invalid(`the node's protocol is ${quote(protocol)}, which a gRPC client does not speak`);
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_INSTANCE', message);
}
