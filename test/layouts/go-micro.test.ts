import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { goMicroLayout as layout } from '../../src/adapters/etcd/layouts/go-micro.js';
import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { recordsOfOthers } from './golden-records.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'helloworld';
const id = 'helloworld-6f9c';
const address = '10.0.0.1:50051';

function at(value: string, suffix = id): StoredRecord {
  return { service, suffix, value, lease: '7587895424378014726' };
}

/** A go-micro record whose node has some fields as given. */
function node(fields: Record<string, unknown>): string {
  return record({ nodes: [{ metadata: null, id, address, ...fields }] });
}

/** A go-micro record with some fields as given. */
function record(fields: Record<string, unknown>): string {
  return JSON.stringify({ name: service, version: 'latest', metadata: null, endpoints: [], nodes: [{ metadata: null, id, address }], ...fields });
}

describe('layout go-micro', () => {
  itComesBack(layout);

  // json.Marshal of registry.Service (registry/registry.go), as registry/etcd/etcd.go writes it; checked against Go 1.19.
  const goldens = [
    ['nothing beyond id and address', {}, '{"name":"helloworld","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"helloworld-6f9c","address":"10.0.0.1:50051"}]}'],
    [
      'version and metadata, sorted and escaped as Go does',
      { version: 'v1.2.0', metadata: { zone: 'a&b', '10': 'x', protocol: 'grpc' } },
      '{"name":"helloworld","version":"v1.2.0","metadata":null,"endpoints":[],"nodes":[{"metadata":{"10":"x","protocol":"grpc","zone":"a\\u0026b"},"id":"helloworld-6f9c","address":"10.0.0.1:50051"}]}',
    ],
    ['an empty version', { version: '' }, '{"name":"helloworld","version":"","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"helloworld-6f9c","address":"10.0.0.1:50051"}]}'],
  ] as const;
  for (const [what, init, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, id, address, ...init });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(id);
      expect(layout.decode(at(value))).to.deep.equal(instance);
      expect(layout.recognises(at(value))).to.equal(true);
    });
  }

  const serverMetadata = { broker: 'http', protocol: 'grpc', registry: 'etcd', server: 'grpc', transport: 'grpc' };
  const read: readonly (readonly [what: string, value: string, expected: Partial<InstanceInit>])[] = [
    [
      "what go-micro's gRPC server writes",
      '{"name":"helloworld","version":"latest","metadata":null,"endpoints":[{"request":{"name":"HelloRequest","type":"HelloRequest","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"HelloReply","type":"HelloReply","values":null},"metadata":{},"name":"Greeter.SayHello"}],"nodes":[{"metadata":{"broker":"http","protocol":"grpc","registry":"etcd","server":"grpc","transport":"grpc"},"id":"helloworld-6f9c","address":"10.0.0.1:50051"}]}',
      { metadata: serverMetadata },
    ],
    [
      "the order of go-micro's fields up to version 4.10.1",
      '{"name":"helloworld","version":"2","metadata":null,"endpoints":null,"nodes":[{"id":"helloworld-6f9c","address":"10.0.0.1:50051","metadata":{"protocol":"grpc"}}]}',
      { version: '2', metadata: { protocol: 'grpc' } },
    ],
    ['another case, as Go does', '{"Nodes":[{"ID":"helloworld-6f9c","Address":"10.0.0.1:50051","METADATA":{"a":"b"}}],"Version":"2"}', { version: '2', metadata: { a: 'b' } }],
    ['the only node, whatever its id', node({ id: 'other' }), {}],
    ['a node without an id', node({ id: undefined }), {}],
    ['of several nodes that of the key', record({ nodes: [{ id: 'b', address: '10.0.0.2:1' }, null, { id, address }, { id: 7, address: 'x' }] }), {}],
    ['no version', record({ version: null }), {}],
    ['an empty protocol', node({ metadata: { protocol: '', a: null } }), { metadata: { protocol: '' } }],
    ["a service's metadata, left aside", record({ metadata: { type: 'agent' } }), {}],
  ];
  for (const [what, value, expected] of read) {
    it(`reads ${what}`, () => {
      expect(layout.decode(at(value))).to.deep.equal(createInstance({ service, id, address, ...expected }));
      expect(layout.recognises(at(value))).to.equal(true);
    });
  }

  it('reads a node whose id has slashes, which are dashes in the key', () => {
    const nodes = [
      { id: 'helloworld-a', address: '10.0.0.2:1' },
      { id: 'hello/world/a', address },
    ];
    expect(layout.decode(at(record({ nodes }), 'hello-world-a'))).to.deep.equal(createInstance({ service, id: 'hello-world-a', address }));
  });

  it('refuses to lose weight and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, id, address, version: '1', zone: 'z', weight: 50, metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /go-micro cannot carry weight, zone;/);
    expect(carriedBy(layout, instance, new Set(['weight', 'zone']))).to.deep.equal(createInstance({ service, id, address, version: '1', metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['an id with a slash', { id: 'hello/world' }, /^id "hello\/world" holds a slash/],
    ['the version that stands for none', { version: 'latest' }, /^version "latest" is what layout go-micro writes for none; leave it out/],
    ['a protocol that is not gRPC', { metadata: { protocol: 'mucp' } }, /^the node's protocol is "mucp"/],
    ['half a surrogate pair', { version: '\ud800' }, /^version "\\ud800" holds half a surrogate pair/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, id, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  it('says why a record is none', () => {
    expectThrow(() => layout.decode(at(node({ metadata: { ...serverMetadata, protocol: 'mucp' } }))), 'INVALID_INSTANCE', /^the node's protocol is "mucp", which a gRPC client does not speak/);
    expectThrow(() => layout.decode(at(record({ nodes: [{ id: 'a' }, { id: 'b' }] }))), 'INVALID_INSTANCE', /^0 of its 2 nodes have the id "helloworld-6f9c" of its key/);
    expectThrow(() => layout.decode(at(record({ nodes: [{ id, address }, { id, address }] }))), 'INVALID_INSTANCE', /^2 of its 2 nodes have the id/);
    expectThrow(() => layout.decode(at(record({ nodes: [] }))), 'INVALID_INSTANCE', /^0 of its 0 nodes/);
    // A node of a message queue's transport has the name of its queue for an address.
    expectThrow(() => layout.decode(at(node({ address: 'queue' }))), 'INVALID_ADDRESS', /has no port/);
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', record({}).slice(0, -3)],
        ['nodes that are null', record({ nodes: null })],
        ['nodes that are an object', record({ nodes: { id, address } })],
        ['a node that is null', record({ nodes: [null] })],
        ['a node that is text', record({ nodes: [address] })],
        ['a node without an address', node({ address: null })],
        ['an address that is a number', node({ address: 8080 })],
        ['an address that is a URL', node({ address: 'https://10.0.0.1:443' })],
        ['a version that is a number', record({ version: 2 })],
        ['metadata that is text', node({ metadata: 'a=b' })],
        ['metadata that holds a number', node({ metadata: { a: 1 } })],
        ['__proto__ in its metadata', record({}).replace('{"metadata":null', '{"metadata":{"__proto__":"x"}')],
        ['50,000 nodes', `{"nodes":[${'{"id":"a"},'.repeat(50_000)}{}]}`],
        ['a record that is huge', node({ metadata: { k: 'x'.repeat(70_000) } })],
        ...recordsOfOthers('go-micro').map(([name, { value }]) => [`a record of ${name}`, value] as const),
      ],
      id,
    );
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(layout.recognises(at('{"nodes":null}'))).to.equal(true);
    for (const [name, other] of recordsOfOthers('go-micro')) expect(layout.recognises(other), name).to.equal(false);
  });
});
