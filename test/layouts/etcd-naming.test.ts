import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { etcdNamingLayout as layout } from '../../src/adapters/etcd/layouts/etcd-naming.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'svc-go';
const suffix = '127.0.0.1:37677';
const address = '127.0.0.1:37677';

function decode(value: string, of = suffix): unknown {
  return layout.decode({ service, suffix: of, value, lease: '7587895424378014726' });
}

function recognises(value: string, of = suffix): boolean {
  return layout.recognises({ service, suffix: of, value, lease: '7587895424378014726' });
}

describe('layout etcd-naming', () => {
  itComesBack(layout);

  // json.Marshal of internal.Update{Op, Addr, Metadata any} in client/v3/naming/endpoints/endpoints_impl.go.
  const goldens = [
    ['no metadata, which is nil', { service, address }, '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null}'],
    ['metadata, which is a map: sorted by bytes', { service, address, metadata: { v: '1', '9': 'a', '10': 'b', B: '', é: '' } }, '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"10":"b","9":"a","B":"","v":"1","é":""}}'],
    ['what Go escapes', { service, address, metadata: { '<&>': '\u2028"\\\n' } }, '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"\\u003c\\u0026\\u003e":"\\u2028\\"\\\\\\n"}}'],
    ['an IPv6 address', { service, id: suffix, address: '[::1]:9000' }, '{"Op":0,"Addr":"[::1]:9000","Metadata":null}'],
    ['a socket in the file system, which grpc-go dials', { service, id: suffix, address: 'unix:/run/orders.sock' }, '{"Op":0,"Addr":"unix:/run/orders.sock","Metadata":null}'],
  ] as const;
  for (const [what, init, value] of goldens) {
    it(`writes and reads, byte for byte: ${what}`, () => {
      const instance = createInstance(init);
      expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal(value);
      expect(layout.suffix(instance, '1')).to.equal(suffix);
      expect(decode(value)).to.deep.equal(instance);
      expect(recognises(value)).to.equal(true);
    });
  }

  const read = [
    ['an Op of 1, "delete", which Go clients take for an instance once it is stored', '{"Op":1,"Addr":"127.0.0.1:37677","Metadata":null}', {}],
    ['no Op and no Metadata', '{"Addr":"127.0.0.1:37677"}', {}],
    ['an Op that is null', '{"Op":null,"Addr":"127.0.0.1:37677"}', {}],
    ['another case and another order, as Go does', '{"METADATA":{"v":"1"},"addr":"127.0.0.1:37677","op":0}', { v: '1' }],
    ['the last of two fields that differ in case, as Go does', '{"Op":0,"Addr":"10.0.0.1:1","addr":"127.0.0.1:37677"}', {}],
    ['fields that it does not know', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null,"Zone":"a"}', {}],
    ['metadata with values that are not text, as their JSON', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"n":1.5,"b":false,"o":{"k":["v"]},"t":"1.5","z":null}}', { n: '1.5', b: 'false', o: '{"k":["v"]}', t: '1.5' }],
    ['metadata that is text', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":"eu-1a"}', { metadata: 'eu-1a' }],
    ['metadata that is a number', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":3}', { metadata: '3' }],
    ['metadata that is a boolean', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":false}', { metadata: 'false' }],
    ['metadata that is an array', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":["a",null]}', { metadata: '["a",null]' }],
    ['metadata that is empty', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{}}', {}],
    ['white space around it', ' {"Op":0, "Addr":"127.0.0.1:37677"}\n', {}],
  ] as const;
  for (const [what, value, metadata] of read) {
    it(`reads ${what}`, () => {
      expect(decode(value)).to.deep.equal(createInstance({ service, address, metadata }));
      expect(recognises(value)).to.equal(true);
    });
  }

  it('takes the id from the key alone, whatever stands there', () => {
    const value = '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null}';
    expect(decode(value, 'blue/7')).to.deep.equal(createInstance({ service, address, id: 'blue/7' }));
  });

  it('refuses to lose weight, version and zone, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, weight: 5, version: '1', zone: 'a', metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /etcd-naming cannot carry weight, version, zone;/);
    expect(carriedBy(layout, instance, new Set(['weight', 'version', 'zone']))).to.deep.equal(createInstance({ service, address, metadata: { k: 'v' } }));
  });

  it('refuses halves of surrogate pairs, which Go would replace', () => {
    const refuses = (init: object, message: RegExp): void => {
      const instance = createInstance({ service, address, ...init });
      expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', message);
    };
    refuses({ metadata: { k: 'a\ud800' } }, /metadata "k" "a\\ud800" holds half a surrogate pair/);
    refuses({ metadata: { '\udc00k': '' } }, /metadata key "\\udc00k" holds half/);
    refuses({ id: 'a', address: 'unix:/\ud800' }, /address "unix:\/\\ud800" holds half/);
    expect(() => carriedBy(layout, createInstance({ service, address, metadata: { '😀': '😀' } }), new Set())).not.to.throw();
  });

  it('says why a record is none', () => {
    expectThrow(() => decode('{"Op":256,"Addr":"127.0.0.1:37677"}'), 'INVALID_INSTANCE', /^Op 256 is not an integer from 0 to 255/);
    expectThrow(() => decode('{"Op":0,"Metadata":null}'), 'INVALID_INSTANCE', /has no Addr/);
    expectThrow(() => decode('{"Op":0,"Addr":7}'), 'INVALID_INSTANCE', /^Addr 7 is not a string/);
  });

  it('reads metadata that is nested as deep as a record allows, or says that it is too deep, as the stack has room', () => {
    for (const depth of [100, 30_000]) {
      const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      for (const [metadata, expected] of [[nested, { metadata: nested }], [`{"k":${nested}}`, { k: nested }]] as const) {
        let read: unknown;
        try {
          read = decode(`{"Op":0,"Addr":"127.0.0.1:37677","Metadata":${metadata}}`);
        } catch (error) {
          expect(depth, 'too deep').to.be.above(100);
          expect(error).to.be.instanceOf(RollcallError).with.property('message', 'Metadata is nested too deeply');
          continue;
        }
        expect(read).to.deep.equal(createInstance({ service, address, metadata: expected }));
      }
    }
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        ['a truncated record', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":nul'],
        ['text after the record', '{"Op":0,"Addr":"127.0.0.1:37677"}x'],
        ['no Addr', '{"Op":0,"Metadata":{}}'],
        ['an Addr that is null', '{"Op":0,"Addr":null,"Metadata":null}'],
        ['an empty Addr', '{"Op":0,"Addr":"","Metadata":null}'],
        ['an Addr that is a number', '{"Op":0,"Addr":7}'],
        ['an Addr without a port', '{"Op":0,"Addr":"127.0.0.1"}'],
        ['an unspecified Addr', '{"Op":0,"Addr":"[::]:80"}'],
        ['an Addr that is a URL', '{"Op":0,"Addr":"http://127.0.0.1:80"}'],
        ['an Op that does not fit', '{"Op":300,"Addr":"127.0.0.1:37677"}'],
        ['a negative Op', '{"Op":-1,"Addr":"127.0.0.1:37677"}'],
        ['an Op that is text', '{"Op":"0","Addr":"127.0.0.1:37677"}'],
        ['an Op that is half', '{"Op":0.5,"Addr":"127.0.0.1:37677"}'],
        ['__proto__ in its metadata', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"__proto__":"x"}}'],
        ['an empty key in its metadata', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"":"x"}}'],
        ['metadata that is huge', `{"Op":0,"Addr":"127.0.0.1:37677","Metadata":"${'x'.repeat(70_000)}"}`],
        ['nothing behind the service', '{"Op":0,"Addr":"127.0.0.1:37677"}', ''],
        ['a Kitex record', '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
        ['a record of rollcall', '{"address":"127.0.0.1:8888","weight":100,"metadata":{}}'],
        ['a raw address', '127.0.0.1:8888'],
      ],
      suffix,
    );
  });

  it('knows broken records of its own, and leaves those of others to them', () => {
    expect(recognises('{"Op":0,"Addr":7}')).to.equal(true);
    expect(recognises('{"Op":0,"Metadata":null}')).to.equal(true);
    for (const other of [
      '{"address":"127.0.0.1:8888","weight":100,"metadata":{}}',
      '{"id":"6f9c","name":"svc-go","version":"","metadata":null,"endpoints":["grpc://127.0.0.1:9000"]}',
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
