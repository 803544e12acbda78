import { expect } from 'chai';
import fc from 'fast-check';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { hertzLayout as layout } from '../../src/adapters/etcd/layouts/hertz.js';
import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { recordsOfOthers } from './golden-records.js';
import { instancesFor, itComesBack, itRefuses } from './round-trip.js';

const service = 'orders';
const address = '127.0.0.1:8888';

function at(suffix: string, value: string): StoredRecord {
  return { service, suffix, value, lease: '7587895424378014726' };
}

/** A Hertz record with some fields as given. */
function record(fields: Record<string, unknown>): string {
  return JSON.stringify({ network: 'tcp', address, weight: 10, tags: null, ...fields });
}

describe('layout hertz', () => {
  itComesBack(layout);

  // sonic.Marshal of instanceInfo (etcd/option.go), as etcd/registry.go writes it; the escapes from native/parsing.h of bytedance/sonic.
  const goldens = [
    ['nothing beyond an address', {}, '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
    [
      'weight and tags, escaped as sonic does',
      { weight: 200, metadata: { a: '<b>&c\u2028', b: '\b\f\n\r\t\u001f"\\\\b\\' } },
      '{"network":"tcp","address":"127.0.0.1:8888","weight":20,"tags":{"a":"<b>&c\u2028","b":"\\u0008\\u000c\\n\\r\\t\\u001f\\"\\\\\\\\b\\\\"}}',
    ],
    ['an IPv6 address', { address: '[2001:db8::7]:8888' }, '{"network":"tcp","address":"[2001:db8::7]:8888","weight":10,"tags":null}'],
  ] as const;
  for (const [what, init, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(instance.address);
      expect(layout.decode(at(instance.address, value))).to.deep.equal(instance);
      expect(layout.recognises(at(instance.address, value))).to.equal(true);
    });
  }

  it('writes the JSON that everybody reads, whatever the metadata', () => {
    fc.assert(
      fc.property(instancesFor(layout), ({ service: name, address: own, metadata }) => {
        const parsed = JSON.parse(layout.encode(createInstance({ service: name, address: own, metadata }))) as { tags: unknown };
        expect(parsed.tags ?? {}).to.deep.equal(metadata);
      }),
    );
  });

  it('reads a socket, though Hertz writes none', () => {
    expect(layout.decode(at('/run/orders.sock', record({ network: 'unix', address: '/run/orders.sock' })))).to.deep.equal(createInstance({ service, address: 'unix:/run/orders.sock' }));
  });

  it('refuses to lose id, version and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, id: 'a', version: '1', zone: 'z', weight: 50, metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /hertz cannot carry id, version, zone;/);
    expect(carriedBy(layout, instance, new Set(['id', 'version', 'zone']))).to.deep.equal(createInstance({ service, address, weight: 50, metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['weight 0, which Hertz takes for the default', { weight: 0 }, /^weight 0 means the default weight in this layout/],
    ['a weight between its steps', { weight: 101 }, /^weight 101 is not a multiple of 10/],
    ['a socket', { address: 'unix:/run/orders.sock' }, /^address "unix:\/run\/orders.sock" is a socket/],
    ['half a surrogate pair', { metadata: { '\udfff': 'v' } }, /holds half a surrogate pair/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', record({}).slice(0, -3)],
        ['another network', record({ network: 'udp' })],
        ['a weight that is text', record({ weight: '10' })],
        ['a weight out of range', record({ weight: 7000 })],
        ['tags that are an array', record({ tags: ['a'] })],
        ['__proto__ in its tags', record({}).replace('"tags":null', '"tags":{"__proto__":"x"}')],
        ...recordsOfOthers('kitex', 'hertz').map(([name, { value }]) => [`a record of ${name}`, value] as const),
      ],
      address,
    );
  });

  it('leaves the records of others to them', () => {
    for (const [name, other] of recordsOfOthers('kitex', 'hertz')) expect(layout.recognises(other), name).to.equal(false);
  });
});
