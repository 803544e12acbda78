import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { kitexLayout as layout } from '../../src/adapters/etcd/layouts/kitex.js';
import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { recordsOfOthers } from './golden-records.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'orders';
const address = '127.0.0.1:8888';

function at(suffix: string, value: string): StoredRecord {
  return { service, suffix, value, lease: '7587895424378014726' };
}

/** A Kitex record with some fields as given. */
function record(fields: Record<string, unknown>): string {
  return JSON.stringify({ network: 'tcp', address, weight: 10, tags: null, ...fields });
}

describe('layout kitex', () => {
  itComesBack(layout);

  // json.Marshal of instanceInfo (common.go), as etcd_registry.go writes it; checked against Go 1.19, and the backspace against 1.22.
  const goldens = [
    ['nothing beyond an address', {}, address, '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
    [
      'weight and tags, sorted by bytes and escaped as Go does',
      { weight: 200, metadata: { zone: 'a<b>&c\u2028', '10': 'ten', '2': 'two', é: 'ß\b\f"\\' } },
      address,
      '{"network":"tcp","address":"127.0.0.1:8888","weight":20,"tags":{"10":"ten","2":"two","zone":"a\\u003cb\\u003e\\u0026c\\u2028","é":"ß\\b\\f\\"\\\\"}}',
    ],
    ['a socket', { address: 'unix:/run/orders.sock' }, '/run/orders.sock', '{"network":"unix","address":"/run/orders.sock","weight":10,"tags":null}'],
    ['an IPv6 address', { address: '[2001:db8::7]:8888' }, '[2001:db8::7]:8888', '{"network":"tcp","address":"[2001:db8::7]:8888","weight":10,"tags":null}'],
  ] as const;
  for (const [what, init, suffix, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(suffix);
      expect(layout.decode(at(suffix, value))).to.deep.equal(instance);
      expect(layout.recognises(at(suffix, value))).to.equal(true);
    });
  }

  const read: readonly (readonly [what: string, value: string, expected: Partial<InstanceInit>])[] = [
    ['a record without weight and tags', '{"network":"tcp","address":"127.0.0.1:8888"}', {}],
    ['nulls for what is unset', record({ weight: null }), {}],
    ['a weight of 0 as the default, as Kitex does', record({ weight: 0 }), { weight: 100 }],
    ['a weight below 0 as the default, as Kitex does', record({ weight: -5 }), { weight: 100 }],
    ['a weight that we could not write', record({ weight: 1 }), { weight: 10 }],
    ['the largest weight', record({ weight: 6553 }), { weight: 65_530 }],
    ['another case and another order, as Go does', '{"Tags":{"a":"b"},"WEIGHT":20,"Address":"127.0.0.1:8888","NetWork":"tcp"}', { weight: 200, metadata: { a: 'b' } }],
    ['fields that it does not know', record({ more: [1] }), {}],
    ['a tag that is null', record({ tags: { a: null, b: '' } }), { metadata: { b: '' } }],
  ];
  for (const [what, value, expected] of read) {
    it(`reads ${what}`, () => {
      expect(layout.decode(at(address, value))).to.deep.equal(createInstance({ service, address, ...expected }));
      expect(layout.recognises(at(address, value))).to.equal(true);
    });
  }

  it('takes the key for the id where it is not the address', () => {
    expect(layout.decode(at('node/7', record({})))).to.deep.equal(createInstance({ service, address, id: 'node/7' }));
    expect(layout.decode(at('/run/orders.sock', record({})))).to.deep.equal(createInstance({ service, address, id: 'unix:/run/orders.sock' }));
    expectThrow(() => layout.decode(at('unix:/run/orders.sock', record({}))), 'INVALID_INSTANCE', /^key "unix:\/run\/orders.sock" starts with unix:/);
  });

  it('refuses to lose id, version and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, id: 'a', version: '1', zone: 'z', weight: 50, metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /kitex cannot carry id, version, zone;/);
    expect(carriedBy(layout, instance, new Set(['id', 'version', 'zone']))).to.deep.equal(createInstance({ service, address, weight: 50, metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['weight 0, which Kitex takes for the default', { weight: 0 }, /^weight 0 means the default weight in this layout/],
    ['a weight between its steps', { weight: 55 }, /^weight 55 is not a multiple of 10/],
    ['a socket that is relative', { address: 'unix:orders.sock' }, /^address "unix:orders.sock" has another form than unix:\/absolute\/path/],
    ['a socket in the form that would be a second key for it', { address: 'unix:///run/orders.sock' }, /^address "unix:\/\/\/run\/orders.sock" has another form/],
    ['half a surrogate pair', { metadata: { k: '\ud800' } }, /holds half a surrogate pair/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  it('says why a record is none', () => {
    expectThrow(() => layout.decode(at(address, record({ network: 'udp' }))), 'INVALID_ADDRESS', /^network "udp" with address "127.0.0.1:8888" is not one that a gRPC client dials: tcp or unix/);
    expectThrow(() => layout.decode(at(address, record({ weight: 6554 }))), 'INVALID_INSTANCE', /^weight 6554 is not from 0 to 6553/);
    expectThrow(() => layout.decode(at(address, record({ address: '2001:db8::7:8888' }))), 'INVALID_ADDRESS', /is an IPv6 address without brackets/);
    expectThrow(() => layout.decode(at(address, record({ tags: { a: 1 } }))), 'INVALID_INSTANCE', /^tags "a" is 1, not a string/);
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', record({}).slice(0, -3)],
        ['a network alone', '{"network":"tcp"}'],
        ['an address alone', '{"address":"127.0.0.1:8888"}'],
        ['a network that is no text', record({ network: 1 })],
        ['an address that is no text', record({ address: ['127.0.0.1:8888'] })],
        ['a weight that is text', record({ weight: '10' })],
        ['a weight with a fraction', record({ weight: 10.5 })],
        ['a weight beyond every number', record({}).replace('"weight":10', '"weight":1e400')],
        ['tags that are an array', record({ tags: [] })],
        ['tags that are text', record({ tags: 'a=b' })],
        ['a tag that is an object', record({ tags: { a: {} } })],
        ['__proto__ in its tags', record({}).replace('"tags":null', '"tags":{"__proto__":"x"}')],
        ['an unspecified address', record({ address: '[::]:8888' })],
        ['an address without a port', record({ address: '127.0.0.1' })],
        ['a socket of network tcp', record({ address: 'unix:/run/orders.sock' })],
        ['an abstract socket', record({ network: 'unix', address: '@orders' })],
        ['a socket with unix: before it', record({ network: 'unix', address: 'unix:/run/orders.sock' })],
        ['a record that is huge', record({ tags: { k: 'x'.repeat(70_000) } })],
        ...recordsOfOthers('kitex', 'hertz').map(([name, { value }]) => [`a record of ${name}`, value] as const),
      ],
      address,
    );
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(layout.recognises(at(address, '{"network":7}'))).to.equal(true);
    for (const [name, other] of recordsOfOthers('kitex', 'hertz')) expect(layout.recognises(other), name).to.equal(false);
  });
});
