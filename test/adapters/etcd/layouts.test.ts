import { expect } from 'chai';

import type { Layout } from '../../../src/adapters/etcd/layouts/layout.js';
import { plainLayout } from '../../../src/adapters/etcd/layouts/plain.js';
import { rollcallLayout } from '../../../src/adapters/etcd/layouts/rollcall.js';
import { RecordCodec } from '../../../src/adapters/etcd/record-codec.js';
import { createInstance, maxRecordBytes, type ServiceInstance } from '../../../src/core/instance.js';

/** One layout at one place. */
function at(prefix: string, layout: Layout) {
  const codec = new RecordCodec([{ prefix, layout }]);
  const place = codec.places[0]!;
  return {
    check: (instance: ServiceInstance) => codec.check(instance),
    key: (instance: ServiceInstance) => codec.puts(instance, '7')[0]!.key,
    value: (instance: ServiceInstance) => codec.puts(instance, '7')[0]!.value,
    read: (service: string, key: Buffer, value: Buffer) => codec.read(place, service, { key, value, lease: '7' })!,
    serviceOf: (key: Buffer) => codec.serviceOf(place, { key, value: Buffer.alloc(0), lease: '0' }),
  };
}

const native = at('/rollcall', rollcallLayout);
const plain = at('/grpclb', plainLayout);

describe('layout rollcall', () => {
  it('writes <prefix>/<service>/<id> and one JSON object', () => {
    const instance = createInstance({ service: 'orders', id: 'a', address: '10.0.0.1:8000', version: '1.2.3', zone: 'z1', metadata: { lane: 'x' } });
    expect(native.key(instance).toString()).to.equal('/rollcall/orders/a');
    expect(native.value(instance).toString()).to.equal('{"address":"10.0.0.1:8000","weight":100,"version":"1.2.3","zone":"z1","metadata":{"lane":"x"}}');
  });

  it('reads back what it wrote', () => {
    const instance = createInstance({ service: 'orders', id: 'unix:/run/x.sock', address: 'unix:/run/x.sock', weight: 0, metadata: { 'ü/"': '\n' } });
    expect(native.read('orders', native.key(instance), native.value(instance))).to.deep.equal({ key: native.key(instance).toString(), instance, layout: 'rollcall' });
  });

  it('asks of a record written by hand only for an address', () => {
    expect(native.read('orders', Buffer.from('/rollcall/orders/a'), Buffer.from('{"address":"127.0.0.1:1"}'))).to.have.nested.property('instance.weight', 100);
  });

  it('leaves fields of a newer version aside', () => {
    expect(native.read('orders', Buffer.from('/rollcall/orders/a'), Buffer.from('{"address":"127.0.0.1:1","shard":7}'))).to.have.property('instance');
  });
});

describe('layout plain', () => {
  it('writes the keys and values of the tutorials, byte for byte', () => {
    const instance = createInstance({ service: 'simple_grpc', address: 'localhost:8000' });
    expect(plain.key(instance).toString()).to.equal('/grpclb/simple_grpc/localhost:8000');
    expect(plain.value(instance).toString()).to.equal('localhost:8000');
  });

  it('reads an instance that another program wrote', () => {
    const state = plain.read('simple_grpc', Buffer.from('/grpclb/simple_grpc/10.0.0.9:1'), Buffer.from('10.0.0.9:1'));
    expect(state).to.deep.nested.include({ 'instance.address': '10.0.0.9:1', 'instance.id': '10.0.0.9:1' });
  });

  for (const extra of [{ id: 'x' }, { weight: 1 }, { version: '1' }, { zone: 'z' }, { metadata: { a: 'b' } }]) {
    it(`refuses what it cannot carry: ${Object.keys(extra).join()}`, () => {
      const instance = createInstance({ service: 's', address: '127.0.0.1:1', ...extra });
      expect(() => plain.check(instance)).to.throw(new RegExp(`layout plain cannot carry ${Object.keys(extra).join()};`)).with.property('code', 'INVALID_INSTANCE');
    });
  }
});

describe('reading what stands in etcd', () => {
  const garbage: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('hello')],
    ['a truncated object', Buffer.from('{"address":"127.0.0.1:1"')],
    ['an array', Buffer.from('[]')],
    ['null', Buffer.from('null')],
    ['an object without address', Buffer.from('{}')],
    ['an address of the wrong type', Buffer.from('{"address":1}')],
    ['an unspecified address', Buffer.from('{"address":"0.0.0.0:80"}')],
    ['a weight out of range', Buffer.from('{"address":"127.0.0.1:1","weight":-1}')],
    ['metadata that is not text', Buffer.from('{"address":"127.0.0.1:1","metadata":{"a":1}}')],
    ['a poisoned prototype', Buffer.from('{"address":"127.0.0.1:1","metadata":{"__proto__":"x"}}')],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
    ['a megabyte', Buffer.alloc(1_000_000, 0x20)],
    ['just above the limit', Buffer.alloc(maxRecordBytes + 1, 0x20)],
  ];
  for (const [what, value] of garbage) {
    it(`skips ${what} and says why`, () => {
      const state = native.read('s', Buffer.from('/rollcall/s/a'), value);
      expect(state).to.have.property('skipped').that.is.a('string').and.is.not.empty;
      expect(state).to.have.property('key', '/rollcall/s/a');
    });
  }

  it('keeps two keys apart that are both not UTF-8', () => {
    const keys = [0xfe, 0xff].map((byte) => native.read('s', Buffer.concat([Buffer.from('/rollcall/s/'), Buffer.of(byte)]), Buffer.from('{}')).key);
    expect(new Set(keys)).to.have.property('size', 2);
  });

  it('finds the service of a key, and none in keys that are no record', () => {
    expect(native.serviceOf(Buffer.from('/rollcall/orders/a/b'))).to.equal('orders');
    expect(native.serviceOf(Buffer.from('/rollcall/orders'))).to.equal(undefined);
    expect(native.serviceOf(Buffer.from('/rollcall//a'))).to.equal(undefined);
    expect(native.serviceOf(Buffer.from('/rollcall/..\n/a'))).to.equal(undefined);
  });
});
