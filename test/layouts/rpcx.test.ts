import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { goQueryEscape } from '../../src/adapters/etcd/layouts/go-query.js';
import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { rpcxLayout as layout } from '../../src/adapters/etcd/layouts/rpcx.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { RollcallError } from '../../src/core/errors.js';
import { expectThrow } from '../support/expect-rejection.js';
import { recordsOfOthers } from './golden-records.js';
import { garbage, itComesBack } from './round-trip.js';

const service = 'Arith';
const address = '127.0.0.1:8972';
const suffix = 'tcp@127.0.0.1:8972';

function at(key: string, value: string): StoredRecord {
  return { service, suffix: key, value, lease: '7587895424378014726' };
}

describe('layout rpcx', () => {
  itComesBack(layout);

  // url.Values.Encode, as rpcx (serverplugin/etcdv3.go) writes a record that it refreshes; checked against Go 1.19.
  const goldens = [
    ['nothing beyond an address', {}, suffix, ''],
    [
      'weight and metadata, sorted by bytes and escaped as Go does',
      { weight: 700, metadata: { group: 'test', note: 'a b+c%d&e=f!\'()*~-_.ß漢😀\u2028<>"\\/', é: '', Z: '1', '10': 'x', '2': 'y' } },
      suffix,
      '10=x&2=y&Z=1&group=test&note=a+b%2Bc%25d%26e%3Df%21%27%28%29%2A~-_.%C3%9F%E6%BC%A2%F0%9F%98%80%E2%80%A8%3C%3E%22%5C%2F&weight=7&%C3%A9=',
    ],
    ['weight 0', { weight: 0, metadata: { group: 'test' } }, suffix, 'group=test&state=inactive'],
    ['a state that is not inactive', { metadata: { state: 'active' } }, suffix, 'state=active'],
    ['a socket', { address: 'unix:/run/a@b.sock' }, 'unix@/run/a@b.sock', ''],
    ['an IPv6 address', { address: '[::1]:8972' }, 'tcp@[::1]:8972', ''],
  ] as const;
  for (const [what, init, key, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(key);
      expect(layout.decode(at(key, value))).to.deep.equal(instance);
      expect(layout.recognises(at(key, value))).to.equal(true);
    });
  }

  it('escapes every ASCII character as Go does', () => {
    const ascii = String.fromCharCode(...Array(128).keys());
    // What url.QueryEscape of Go 1.19 gives.
    expect(goQueryEscape(ascii)).to.equal(
      '%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1A%1B%1C%1D%1E%1F+%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A%3B%3C%3D%3E%3F%40ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F',
    );
  });

  const read: readonly (readonly [what: string, value: string, expected: Partial<InstanceInit>])[] = [
    ['what a server with metrics refreshes', 'calls=0.00&connections=12.50&group=test', { metadata: { calls: '0.00', connections: '12.50', group: 'test' } }],
    ['of several values the first, as Go does', 'group=a&group=b&weight=2&weight=3', { weight: 200, metadata: { group: 'a' } }],
    ['a key without a value', 'canary', { metadata: { canary: '' } }],
    ['empty pairs, and an equals sign in a value', '&&a=b=c&', { metadata: { a: 'b=c' } }],
    ['escapes in any case, and such as need none', '%61=%c3%9f%2b+', { metadata: { a: 'ß+ ' } }],
    ['a byte order mark as text', 'a=%EF%BB%BFx', { metadata: { a: '\ufeffx' } }],
    ['inactive, whatever the weight', 'weight=5&state=inactive', { weight: 0 }],
    ['a weight of 1', 'weight=1', {}],
    ['a weight of 0', 'weight=0', { weight: 0 }],
    ['a weight of minus nothing', 'weight=-0', { weight: 0 }],
    ['the largest weight', 'weight=655', { weight: 65_500 }],
    ['a weight with a plus sign', 'weight=%2B5', { weight: 500 }],
    ['a weight with a space: rpcx takes 1', 'weight=+5', { metadata: { weight: ' 5' } }],
    ['an empty weight: rpcx takes 1', 'weight=', { metadata: { weight: '' } }],
    ['a weight with a point: rpcx takes 1', 'weight=1.5', { metadata: { weight: '1.5' } }],
    ['a weight beyond 64 bits: rpcx takes 1', 'weight=9223372036854775808', { metadata: { weight: '9223372036854775808' } }],
    ['a weight below 64 bits: rpcx takes 1', 'weight=-9223372036854775809', { metadata: { weight: '-9223372036854775809' } }],
  ];
  for (const [what, value, expected] of read) {
    it(`reads ${what}`, () => {
      expect(layout.decode(at(suffix, value))).to.deep.equal(createInstance({ service, address, ...expected }));
      expect(layout.recognises(at(suffix, value))).to.equal(true);
    });
  }

  it('reads what is for gRPC alone, beside rpcx at the same address', () => {
    expect(layout.decode(at('grpc@127.0.0.1:9000', 'weight=2'))).to.deep.equal(createInstance({ service, id: 'grpc@127.0.0.1:9000', address: '127.0.0.1:9000', weight: 200 }));
    expect(layout.decode(at('grpc@unix:/run/a.sock', ''))).to.deep.equal(createInstance({ service, id: 'grpc@unix:/run/a.sock', address: 'unix:/run/a.sock' }));
    expect(layout.recognises(at('grpc@127.0.0.1:9000', ''))).to.equal(true);
  });

  it('takes a marker for no instance', () => {
    // Below a BasePath that holds a slash, and for a service whose name does.
    for (const [key, value] of [['prod', 'rpcx_path'], ['prod', 'prod'], ['Mul', 'Arith/Mul'], ['v2/Mul', 'Mul'], ['v2/Mul', 'v2/Mul']] as const) {
      expect(layout.decode(at(key, value)), key).to.equal(undefined);
      expect(layout.recognises(at(key, value)), key).to.equal(true);
    }
    // What names a network is none, whatever its value.
    expect(layout.decode(at('unix@/run/a.sock', 'a.sock'))).to.deep.equal(createInstance({ service, address: 'unix:/run/a.sock', metadata: { 'a.sock': '' } }));
    for (const [key, value] of [['prod', 'od'], ['prod', ''], ['prod', 'Arith'], [address, address]] as const) {
      expectThrow(() => layout.decode(at(key, value)), 'INVALID_INSTANCE', /^key ".+" says no network, as in tcp@10.0.0.1:8972/);
      expect(layout.recognises(at(key, value)), key).to.equal(false);
    }
  });

  it('refuses to lose id, version and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, id: 'a', version: '1', zone: 'z', weight: 200, metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /rpcx cannot carry id, version, zone;/);
    expect(carriedBy(layout, instance, new Set(['id', 'version', 'zone']))).to.deep.equal(createInstance({ service, address, weight: 200, metadata: { k: 'v' } }));
  });

  const refused: readonly (readonly [what: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['a weight between its steps', { weight: 150 }, /^weight 150 is not a multiple of 100/],
    ['metadata where rpcx keeps the weight', { metadata: { weight: '5' } }, /^metadata "weight" is "5", and layout rpcx keeps/],
    ['metadata that would be weight 0', { metadata: { state: 'inactive' } }, /^metadata "state" is "inactive", and layout rpcx says there/],
    ['a state beside weight 0', { weight: 0, metadata: { state: 'active' } }, /^metadata "state" is "active"/],
    ['a socket that is relative', { address: 'unix:orders.sock' }, /^address "unix:orders.sock" has another form/],
    ['half a surrogate pair', { metadata: { k: '\ud800' } }, /holds half a surrogate pair/],
  ];
  for (const [what, init, message] of refused) {
    it(`refuses to write ${what}`, () => {
      const instance = createInstance({ service, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    });
  }

  describe('against broken records', () => {
    // Any text is metadata to rpcx, which dials what the key says.
    for (const [what, value] of garbage) {
      it(`takes ${what} for metadata, as rpcx does`, () => {
        expect(layout.decode(at(suffix, value))).to.include({ id: address, address });
      });
    }

    const broken: readonly (readonly [what: string, value: string, key?: string])[] = [
      ['an escape that is none', 'a=%zz'],
      ['a truncated escape', 'a=%E'],
      ['half a character', 'a=%E6%BC'],
      ['half a surrogate pair', 'a=%ED%A0%80'],
      ['bytes that are not UTF-8, in a key', '%FF=1'],
      ['a semicolon', 'a=1;b=2'],
      ['a weight below 0', 'weight=-1'],
      ['a weight out of range', 'weight=656'],
      ['an empty key', '=x'],
      ['__proto__ in its metadata', '__proto__=x'],
      ['__proto__ in its metadata, escaped', '__%70roto__=x'],
      ['a record that is huge', `a=${'%41'.repeat(70_000)}`],
      ['a key without a network', '', address],
      ['an empty network', '', '@127.0.0.1:8972'],
      ['HTTP', '', 'http@127.0.0.1:8972'],
      ['QUIC', '', 'quic@127.0.0.1:8972'],
      ['a BasePath further down', '', 'prod/tcp@127.0.0.1:8972'],
      ['an address without a port', '', 'tcp@127.0.0.1'],
      ['an unspecified address', '', 'tcp@[::]:8972'],
      ['an address that is none', '', 'tcp@'],
      ['a socket of network tcp', '', 'tcp@unix:/run/a.sock'],
      ['a socket with unix: before it', '', 'unix@unix:/run/a.sock'],
      ['a socket with an authority', '', 'unix@//run/a.sock'],
      ...recordsOfOthers('rpcx').map(([name, { suffix: key, value }]) => [`a record of ${name}`, value, key] as const),
    ];
    for (const [what, value, key = suffix] of broken) {
      it(`refuses ${what}, and says why`, () => {
        expect(() => layout.decode(at(key, value)))
          .to.throw(RollcallError)
          .with.property('code')
          .that.matches(/^INVALID_(INSTANCE|ADDRESS)$|^RECORD_TOO_LARGE$/);
      });
    }

    it('names the network that it cannot dial, and the weight that is out of range', () => {
      expectThrow(() => layout.decode(at(suffix, 'weight=-1')), 'INVALID_INSTANCE', /^weight -1 is not from 0 to 655, which is what can be read where 1 is the default/);
      expectThrow(() => layout.decode(at('http@127.0.0.1:8972', '')), 'INVALID_ADDRESS', /^network "http" with address "127.0.0.1:8972" is not one that a gRPC client dials/);
    });
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(layout.recognises(at('quic@127.0.0.1:8972', '%zz'))).to.equal(true);
    expect(layout.recognises(at('tcp@127.0.0.1:8972', '{"address":"127.0.0.1:8972"}')), 'of a rollcall instance with such an id').to.equal(false);
    for (const [name, other] of recordsOfOthers('rpcx')) expect(layout.recognises(other), name).to.equal(false);
  });
});
