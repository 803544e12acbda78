import { expect } from 'chai';
import fc from 'fast-check';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import type { Layout, StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { createInstance, type ServiceInstance } from '../../src/core/instance.js';
import { RollcallError } from '../../src/core/errors.js';

const host = fc.oneof(fc.ipV4().filter((ip) => ip !== '0.0.0.0'), fc.constantFrom('localhost', 'orders-0.orders.svc', '[::1]', '[2001:db8::7]'));
const tcpAddress = fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([name, port]) => `${name}:${port}`);
const address = fc.oneof({ weight: 9, arbitrary: tcpAddress }, { weight: 1, arbitrary: fc.constant('unix:/run/orders.sock') });

/** Text with everything that a writer may have to escape. */
const text = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('<', '>', '&', '\u2028', '\u2029', '"', '\\', '\n', '\b', '\f', ' ', '+', '%', '=', '!', "'", '(', ')', '*', '~', 'ß', '漢', '😀')), maxLength: 12 });
const key = text.filter((each) => each !== '' && !['__proto__', 'constructor', 'prototype'].includes(each));
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,20}$/);

/** Instances that use only what the layout carries; what it refuses of that is left out by the caller. */
export function instancesFor(layout: Layout): fc.Arbitrary<ServiceInstance> {
  const optional = <T>(field: Parameters<typeof layout.carries.has>[0], arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    layout.carries.has(field) ? fc.option(arbitrary, { nil: undefined }) : fc.constant(undefined);
  return fc
    .record({
      service: fc.constantFrom('orders', 'user.rpc', 'helloworld.Greeter', 'Arith'),
      address,
      id: optional('id', id),
      weight: optional('weight', fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(0, 10, 50, 100, 200, 1000))),
      version: optional('version', text),
      zone: optional('zone', text),
      metadata: optional('metadata', fc.dictionary(key, text, { maxKeys: 5 })),
    })
    .map((init) => createInstance(init));
}

/** The record as it would stand in etcd. */
export function stored(layout: Layout, instance: ServiceInstance, lease = '7587895424378014726'): StoredRecord {
  return { service: instance.service, suffix: layout.suffix(instance, lease), value: layout.encode(instance), lease };
}

/** `decode(encode(x)) = x` for every instance that the layout takes, and `recognises` knows its own. */
export function itComesBack(layout: Layout): void {
  it('reads back every instance that it writes, over 1,000 generated ones', () => {
    let taken = 0;
    fc.assert(
      fc.property(instancesFor(layout), (instance) => {
        try {
          carriedBy(layout, instance, new Set());
        } catch (error) {
          // Refused, and said so: then it need not come back.
          expect(error).to.be.instanceOf(RollcallError).with.property('code', 'INVALID_INSTANCE');
          return;
        }
        taken++;
        const record = stored(layout, instance);
        expect(layout.decode(record)).to.deep.equal(instance);
        expect(layout.recognises(record), 'recognised').to.equal(true);
      }),
      { numRuns: 1000 },
    );
    // A layout that refused nearly everything would pass without having shown anything.
    expect(taken, 'of 1,000 were taken').to.be.above(300);
  });
}

/** Values that are no record of any layout. */
export const garbage: readonly (readonly [what: string, value: string])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['a word', 'hello'],
  ['null', 'null'],
  ['a number', '7'],
  ['an array', '[]'],
  ['an empty object', '{}'],
  ['a truncated object', '{"Addr":"127.0.0.1:1'],
  ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['an unspecified address', '0.0.0.0:80'],
  ['a huge text', 'x'.repeat(60_000)],
];

/** Garbage, and the given records that are broken in the layout's own way, are refused with a reason, whatever `recognises` says. */
export function itRefuses(layout: Layout, broken: readonly (readonly [what: string, value: string, suffix?: string])[], ownSuffix: string): void {
  for (const [what, value, suffix = ownSuffix] of [...garbage, ...broken]) {
    it(`refuses ${what}, and says why`, () => {
      const record: StoredRecord = { service: 'orders', suffix, value, lease: '1' };
      expect(() => layout.decode(record)).to.throw(RollcallError).with.property('code').that.matches(/^INVALID_(INSTANCE|ADDRESS)$|^RECORD_TOO_LARGE$/);
      expect(() => layout.recognises(record)).not.to.throw();
    });
  }
}
