import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { dubboLayout as layout } from '../../src/adapters/etcd/layouts/dubbo.js';
import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { recordsOfOthers } from './golden-records.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'orders';
const address = '10.0.0.1:20000';

function at(value: string, suffix = address): StoredRecord {
  return { service, suffix, value, lease: '7587895424378014726' };
}

/** A dubbo record with some fields as given. */
function record(fields: Record<string, unknown>): string {
  const unset = { Weight: 0, Enable: true, Healthy: true, Metadata: {}, ServiceMetadata: null, Address: '', GroupName: '', Tag: '' };
  return `${JSON.stringify({ ID: address, ServiceName: service, Host: '10.0.0.1', Port: 20_000, ...unset, ...fields })}\n`;
}

function endpoints(...list: readonly { readonly port: unknown; readonly protocol: unknown }[]): { readonly 'dubbo.endpoints': string } {
  return { 'dubbo.endpoints': JSON.stringify(list) };
}

describe('layout dubbo', () => {
  itComesBack(layout);

  // json.NewEncoder of registry.DefaultServiceInstance (registry/service_instance.go), as registry/etcdv3/service_discovery.go writes it; checked against Go 1.19.
  const goldens = [
    [
      'nothing beyond an address',
      {},
      '{"ID":"10.0.0.1:20000","ServiceName":"orders","Host":"10.0.0.1","Port":20000,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""}\n',
    ],
    [
      'weight and metadata, sorted and escaped as Go does',
      { weight: 50, metadata: { z: '<&>', 'meta-v': '2.0.0', 'dubbo.metadata.storage-type': 'local', 'dubbo.metadata.revision': '3b2c', 'dubbo.endpoints': '[{"port":20000,"protocol":"tri"}]' } },
      '{"ID":"10.0.0.1:20000","ServiceName":"orders","Host":"10.0.0.1","Port":20000,"Weight":50,"Enable":true,"Healthy":true,"Metadata":{"dubbo.endpoints":"[{\\"port\\":20000,\\"protocol\\":\\"tri\\"}]","dubbo.metadata.revision":"3b2c","dubbo.metadata.storage-type":"local","meta-v":"2.0.0","z":"\\u003c\\u0026\\u003e"},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""}\n',
    ],
    [
      'an IPv6 address',
      { address: '[2001:db8::7]:20000' },
      '{"ID":"[2001:db8::7]:20000","ServiceName":"orders","Host":"[2001:db8::7]","Port":20000,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""}\n',
    ],
  ] as const;
  for (const [what, init, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(instance.address);
      expect(layout.decode(at(value, instance.address))).to.deep.equal(instance);
      expect(layout.recognises(at(value, instance.address))).to.equal(true);
    });
  }

  const tri = endpoints({ port: 20_000, protocol: 'tri' });
  const both = endpoints({ port: 20_001, protocol: 'dubbo' }, { port: 20_000, protocol: 'tri' });
  const read: readonly (readonly [what: string, value: string, expected: Partial<InstanceInit>])[] = [
    [
      'what a dubbo server writes',
      '{"ID":"10.0.0.1:20000","ServiceName":"orders","Host":"10.0.0.1","Port":20000,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{"dubbo.metadata.revision":"3b2c"},"ServiceMetadata":{"app":"orders","revision":"3b2c","tag":"gray","services":{"greet.GreetService:tri":{"name":"greet.GreetService","protocol":"tri","port":20000,"path":"greet.GreetService","params":{"application":"orders","methods":"Greet"}}}},"Address":"","GroupName":"","Tag":"gray"}\n',
      { metadata: { 'dubbo.metadata.revision': '3b2c' } },
    ],
    [
      'the fields before dubbo-go 3.3.1, which had no weight',
      '{"ID":"10.0.0.1:20000","ServiceName":"orders","Host":"10.0.0.1","Port":20000,"Enable":true,"Healthy":true,"Metadata":null,"ServiceMetadata":null,"Address":"10.0.0.1:20000","GroupName":"","Tag":""}\n',
      {},
    ],
    ['another case and another order, as Go does', '{"port":20000,"HOST":"10.0.0.1","servicename":"orders","metadata":{"a":"b"},"weight":7}', { weight: 7, metadata: { a: 'b' } }],
    ['a weight of 100', record({ Weight: 100 }), {}],
    ['a weight below 0 as the default, as dubbo does', record({ Weight: -1 }), {}],
    ['Enable and Healthy, left aside as dubbo does', record({ Enable: false, Healthy: null }), {}],
    ['a port for Triple', record({ Metadata: tri }), { metadata: tri }],
    ['of several ports that for Triple', record({ Metadata: both }), { metadata: both }],
    ['a port for gRPC and something else', record({ Metadata: endpoints({ port: 20_000, protocol: 'rest' }, { port: 20_000, protocol: 'grpc' }) }), { metadata: endpoints({ port: 20_000, protocol: 'rest' }, { port: 20_000, protocol: 'grpc' }) }],
    ['a port that the endpoints do not name', record({ Metadata: endpoints({ port: 1, protocol: 'dubbo' }) }), { metadata: endpoints({ port: 1, protocol: 'dubbo' }) }],
    ['endpoints that say nothing', record({ Metadata: { 'dubbo.endpoints': '' } }), { metadata: { 'dubbo.endpoints': '' } }],
    ['endpoints that are no list', record({ Metadata: { 'dubbo.endpoints': '{"port":20000}' } }), { metadata: { 'dubbo.endpoints': '{"port":20000}' } }],
    ['endpoints that hold a null', record({ Metadata: { 'dubbo.endpoints': '[null]' } }), { metadata: { 'dubbo.endpoints': '[null]' } }],
  ];
  for (const [what, value, expected] of read) {
    it(`reads ${what}`, () => {
      expect(layout.decode(at(value))).to.deep.equal(createInstance({ service, address, ...expected }));
      expect(layout.recognises(at(value))).to.equal(true);
    });
  }

  it('takes the key for the id where it is not the address', () => {
    expect(layout.decode(at(record({}), 'a'))).to.deep.equal(createInstance({ service, address, id: 'a' }));
    // As dubbo writes an IPv6 host, without brackets.
    expect(layout.decode(at(record({ Host: '2001:db8::7' }), '2001:db8::7:20000'))).to.deep.equal(createInstance({ service, address: '[2001:db8::7]:20000', id: '2001:db8::7:20000' }));
  });

  it('refuses to lose id, version and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, id: 'a', version: '1', zone: 'z', weight: 50, metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /dubbo cannot carry id, version, zone;/);
    expect(carriedBy(layout, instance, new Set(['id', 'version', 'zone']))).to.deep.equal(createInstance({ service, address, weight: 50, metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['weight 0, which dubbo takes for the default', { weight: 0 }, /^weight 0 means the default weight in layout dubbo/],
    ['a socket', { address: 'unix:/run/orders.sock' }, /^address "unix:\/run\/orders.sock" is a socket/],
    ['a port with leading zeros', { address: '10.0.0.1:08000' }, /^address "10.0.0.1:08000" has a port with leading zeros/],
    ['endpoints by which nobody could call it', { metadata: endpoints({ port: 20_000, protocol: 'dubbo' }) }, /^port 20000 speaks "dubbo"/],
    ['half a surrogate pair', { metadata: { k: '\ud800' } }, /holds half a surrogate pair/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  it('says why a record is none', () => {
    const dubboOnly = endpoints({ port: 20_000, protocol: 'dubbo' }, { port: 20_000, protocol: 'rest' });
    expectThrow(() => layout.decode(at(record({ Metadata: dubboOnly }))), 'INVALID_INSTANCE', /^port 20000 speaks "dubbo", "rest", and a gRPC client only "tri" or "grpc"/);
    expectThrow(() => layout.decode(at(record({ Weight: 65_536 }))), 'INVALID_INSTANCE', /^weight 65536 is not from 0 to 65535/);
    expectThrow(() => layout.decode(at(record({ Port: null }))), 'INVALID_INSTANCE', /lacks Host or Port/);
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', record({}).slice(0, -3)],
        ['no host', record({ Host: null })],
        ['an empty host', record({ Host: '' })],
        ['a host that is a number', record({ Host: 167772161 })],
        ['a host with a port', record({ Host: '10.0.0.1:1' })],
        ['a host that makes it a socket', record({ Host: 'unix' })],
        ['an unspecified host', record({ Host: '0.0.0.0' })],
        ['a port that is text', record({ Port: '20000' })],
        ['a port of 0', record({ Port: 0 })],
        ['a port below 0', record({ Port: -1 })],
        ['a port out of range', record({ Port: 70_000 })],
        ['a port with a fraction', record({ Port: 1.5 })],
        ['a port with an exponent', record({ Port: 1e21 })],
        ['a weight that is text', record({ Weight: '7' })],
        ['metadata that is an array', record({ Metadata: [] })],
        ['metadata that holds a number', record({ Metadata: { a: 1 } })],
        ['__proto__ in its metadata', record({}).replace('"Metadata":{}', '"Metadata":{"__proto__":"x"}')],
        ['endpoints without a protocol', record({ Metadata: endpoints({ port: 20_000, protocol: null }) })],
        ['a record that is huge', record({ Metadata: { k: 'x'.repeat(70_000) } })],
        ...recordsOfOthers('dubbo').map(([name, { value }]) => [`a record of ${name}`, value] as const),
      ],
      address,
    );
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(layout.recognises(at('{"Host":7,"Port":null,"ServiceName":"orders"}'))).to.equal(true);
    for (const [name, other] of recordsOfOthers('dubbo')) expect(layout.recognises(other), name).to.equal(false);
  });
});
