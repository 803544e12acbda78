import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { kratosLayout as layout } from '../../src/adapters/etcd/layouts/kratos.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'helloworld';
const id = '5e8ae18c-8c7e-11ee-b9d1-0242ac120002';
const address = '127.0.0.1:9000';

function decode(value: string): unknown {
  return layout.decode({ service, suffix: id, value, lease: '7587895424378014726' });
}

function recognises(value: string): boolean {
  return layout.recognises({ service, suffix: id, value, lease: '7587895424378014726' });
}

/** A Kratos record with some fields as given. */
function record(fields: Record<string, unknown>): string {
  return JSON.stringify({ id, name: service, version: '', metadata: null, endpoints: ['grpc://127.0.0.1:9000'], ...fields });
}

describe('layout kratos', () => {
  itComesBack(layout);

  // json.Marshal of registry.ServiceInstance (registry/registry.go), as contrib/registry/etcd/service.go writes it.
  const goldens = [
    ['nothing beyond an address', {}, `{"id":"${id}","name":"helloworld","version":"","metadata":null,"endpoints":["grpc://127.0.0.1:9000"]}`],
    [
      'version, metadata and weight',
      { version: 'v1.0.0', metadata: { zone: 'a', '9': '', '10': '' }, weight: 10 },
      `{"id":"${id}","name":"helloworld","version":"v1.0.0","metadata":{"10":"","9":"","weight":"10","zone":"a"},"endpoints":["grpc://127.0.0.1:9000"]}`,
    ],
    ['weight 0', { weight: 0 }, `{"id":"${id}","name":"helloworld","version":"","metadata":{"weight":"0"},"endpoints":["grpc://127.0.0.1:9000"]}`],
    [
      'what Go escapes',
      { version: '<1&2>', metadata: { k: '\u2029' } },
      `{"id":"${id}","name":"helloworld","version":"\\u003c1\\u00262\\u003e","metadata":{"k":"\\u2029"},"endpoints":["grpc://127.0.0.1:9000"]}`,
    ],
    ['an IPv6 address', { address: '[2001:db8::7]:9000' }, `{"id":"${id}","name":"helloworld","version":"","metadata":null,"endpoints":["grpc://[2001:db8::7]:9000"]}`],
    // url.URL.String() escapes the zone's percent sign.
    ['an IPv6 address with a zone', { address: '[fe80::1%eth0]:9000' }, `{"id":"${id}","name":"helloworld","version":"","metadata":null,"endpoints":["grpc://[fe80::1%25eth0]:9000"]}`],
    ['a host name', { address: 'orders_0.orders.svc:9000' }, `{"id":"${id}","name":"helloworld","version":"","metadata":null,"endpoints":["grpc://orders_0.orders.svc:9000"]}`],
  ] as const;
  for (const [what, init, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, id, address, ...(init as Partial<InstanceInit>) });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(id);
      expect(decode(value)).to.deep.equal(instance);
      expect(recognises(value)).to.equal(true);
    });
  }

  const read: readonly (readonly [what: string, value: string, expected: Partial<InstanceInit>])[] = [
    [
      'an application with HTTP and gRPC',
      `{"id":"${id}","name":"helloworld","version":"v1.0.0","metadata":{"weight":"10"},"endpoints":["http://127.0.0.1:8000?isSecure=false","grpc://127.0.0.1:9000?isSecure=false\\u0026a=b"]}`,
      { version: 'v1.0.0', weight: 10 },
    ],
    ['the first of several gRPC endpoints', record({ endpoints: ['grpcs://127.0.0.1:9443', 'grpc://127.0.0.1:9000', 'grpc://127.0.0.1:9001'] }), {}],
    ['a gRPC endpoint with TLS where there is no other', record({ endpoints: ['https://127.0.0.1:8443', 'grpcs://127.0.0.1:9443'] }), { address: '127.0.0.1:9443' }],
    ['a scheme in capitals, as Go does', record({ endpoints: ['GRPC://127.0.0.1:9000'] }), {}],
    ['a URL with user, path and fragment', record({ endpoints: ['grpc://u:p@127.0.0.1:9000/x#y'] }), {}],
    ['endpoints among which is a null', record({ endpoints: [null, 'grpc://127.0.0.1:9000'] }), {}],
    ['another case and another order, as Go does', `{"Endpoints":["grpc://127.0.0.1:9000"],"META-DATA":{},"Metadata":{"a":"b"},"VERSION":"2","Name":"helloworld","ID":"${id}"}`, { version: '2', metadata: { a: 'b' } }],
    ['nulls for what is unset', record({ version: null, metadata: null }), {}],
    ['metadata that is empty, and a null in it', record({ metadata: { a: null } }), {}],
    ['an id that the key does not have: the key counts', record({ id: 'other' }), {}],
    ['a weight of 100, which Kratos takes by default', record({ metadata: { weight: '100' } }), {}],
    ['a weight as Go reads numbers', record({ metadata: { weight: '+0007' } }), { weight: 7 }],
    ['a weight of minus nothing', record({ metadata: { weight: '-0' } }), { weight: 0 }],
    ['a weight that is no integer: Kratos takes 100', record({ metadata: { weight: 'heavy' } }), { metadata: { weight: 'heavy' } }],
    ['a weight with a point: Kratos takes 100', record({ metadata: { weight: '10.5' } }), { metadata: { weight: '10.5' } }],
    ['an empty weight: Kratos takes 100', record({ metadata: { weight: '' } }), { metadata: { weight: '' } }],
    ['a weight beyond 64 bits: Kratos takes 100', record({ metadata: { weight: '9223372036854775808' } }), { metadata: { weight: '9223372036854775808' } }],
    ['a weight below 64 bits: Kratos takes 100', record({ metadata: { weight: '-9223372036854775809' } }), { metadata: { weight: '-9223372036854775809' } }],
  ];
  for (const [what, value, expected] of read) {
    it(`reads ${what}`, () => {
      expect(decode(value)).to.deep.equal(createInstance({ service, id, address, ...expected }));
      expect(recognises(value)).to.equal(true);
    });
  }

  it('refuses to lose the zone, and drops it where the user says so', () => {
    const instance = createInstance({ service, id, address, zone: 'a', weight: 5, version: '1', metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /kratos cannot carry zone;/);
    expect(carriedBy(layout, instance, new Set(['zone']))).to.deep.equal(createInstance({ service, id, address, weight: 5, version: '1', metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['metadata where Kratos keeps the weight', { metadata: { weight: '5' } }, /^metadata "weight" is "5", and layout kratos keeps the instance's weight there/],
    ['a version that is empty, which would come back unset', { version: '' }, /^version "" cannot be told from none/],
    ['a socket in the file system', { address: 'unix:/run/orders.sock' }, /^address "unix:\/run\/orders.sock" is a socket/],
    ['an IPv6 zone that a URL cannot say', { address: '[fe80::1%a:b]:9000' }, /^address "\[fe80::1%a:b\]:9000" cannot stand in a URL/],
    ['half a surrogate pair in the version', { version: '\ud800' }, /^version "\\ud800" holds half a surrogate pair/],
    ['half a surrogate pair in metadata', { metadata: { k: '\udfff' } }, /^metadata "k" "\\udfff" holds half/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, id, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  it('says why a record is none', () => {
    expectThrow(() => decode(record({ endpoints: ['http://127.0.0.1:8000', 'ws://127.0.0.1:1'] })), 'INVALID_INSTANCE', /none of its endpoints is a gRPC one \("http:\/\/127.0.0.1:8000", "ws:\/\/127.0.0.1:1"\)/);
    expectThrow(() => decode(record({ endpoints: [] })), 'INVALID_INSTANCE', /^it has no endpoints$/);
    expectThrow(() => decode(record({ name: 'helloworld-v2' })), 'INVALID_INSTANCE', /^name "helloworld-v2" is not the service "helloworld" of the key/);
    expectThrow(() => decode(record({ metadata: { weight: '65536' } })), 'INVALID_INSTANCE', /^metadata "weight" is "65536", which is not from 0 to 65535/);
    expectThrow(() => decode(record({ metadata: { weight: '-1' } })), 'INVALID_INSTANCE', /^metadata "weight" is "-1", which is not from 0 to 65535/);
    expectThrow(() => decode(record({ endpoints: ['grpc:127.0.0.1:9000'] })), 'INVALID_INSTANCE', /^endpoint "grpc:127.0.0.1:9000" names no host/);
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', record({}).slice(0, -3)],
        ['another service', record({ name: 'other' })],
        ['no name', record({ name: undefined })],
        ['a name that is no text', record({ name: 7 })],
        ['an id that is no text', record({ id: 7 })],
        ['a version that is no text', record({ version: 1 })],
        ['no endpoints', record({ endpoints: null })],
        ['endpoints that are text', record({ endpoints: 'grpc://127.0.0.1:9000' })],
        ['an endpoint that is a number', record({ endpoints: ['grpc://127.0.0.1:9000', 7] })],
        ['an endpoint without a host', record({ endpoints: ['grpc:///x'] })],
        ['an endpoint that is opaque', record({ endpoints: ['grpc:127.0.0.1:9000'] })],
        ['an endpoint without a port', record({ endpoints: ['grpc://127.0.0.1'] })],
        ['an unspecified endpoint', record({ endpoints: ['grpc://[::]:9000'] })],
        ['HTTP alone', record({ endpoints: ['http://127.0.0.1:8000'] })],
        ['a weight out of range', record({ metadata: { weight: '70000' } })],
        ['a weight below 0', record({ metadata: { weight: '-1' } })],
        ['a weight as large as Go reads', record({ metadata: { weight: '9223372036854775807' } })],
        ['a weight that is a number', record({ metadata: { weight: 10 } })],
        ['metadata that is no text', record({ metadata: { retries: 3 } })],
        ['metadata that is an array', record({ metadata: [] })],
        ['metadata that is text', record({ metadata: 'a=b' })],
        ['__proto__ in its metadata', record({}).replace('"metadata":null', '"metadata":{"__proto__":"x"}')],
        ['a record that is huge', record({ metadata: { k: 'x'.repeat(70_000) } })],
        ['a record that is huge by its weight', record({ metadata: { weight: '9'.repeat(70_000) } })],
        ['a Kitex record', '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
        ['a go-micro record', '{"name":"orders","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"127.0.0.1:1"}]}'],
        ['a raw address', '127.0.0.1:8888'],
      ].map(([what, value]) => [what, value?.replaceAll('"helloworld"', '"orders"')] as [string, string]),
      id,
    );
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(recognises(record({ endpoints: null }))).to.equal(true);
    expect(recognises(record({ endpoints: ['http://127.0.0.1:8000'], name: 7 }))).to.equal(true);
    for (const other of [
      '{"address":"127.0.0.1:8888","weight":100,"metadata":{}}',
      '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null}',
      '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}',
      '{"name":"svc-go","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"127.0.0.1:1"}]}',
      '{"ID":"1","ServiceName":"svc-go","Host":"127.0.0.1","Port":20000,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""}\n',
      'group=test&state=inactive&weight=10',
      '127.0.0.1:8888',
    ]) {
      expect(recognises(other), other).to.equal(false);
    }
  });
});
