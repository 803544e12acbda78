import { expect } from 'chai';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { goZeroLayout as layout } from '../../src/adapters/etcd/layouts/go-zero.js';
import { createInstance } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';
import { itComesBack, itRefuses } from './round-trip.js';

const service = 'transform.rpc';
const address = '10.0.0.1:8080';
/** More than a number holds exactly. */
const lease = '2324035542764078853';

function decode(value: string, suffix = lease, of = lease): unknown {
  return layout.decode({ service, suffix, value, lease: of });
}

function recognises(value: string, suffix = lease, of = lease): boolean {
  return layout.recognises({ service, suffix, value, lease: of });
}

describe('layout go-zero', () => {
  itComesBack(layout);

  // core/discov/publisher.go: makeEtcdKey(key, lease), or makeEtcdKey(key, id) where an ID above 0 is given; the value as it is.
  it('writes and reads a record named by its lease, byte for byte', () => {
    const instance = createInstance({ service, address });
    expect(layout.suffix(instance, lease)).to.equal('2324035542764078853');
    expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal('10.0.0.1:8080');
    expect(decode('10.0.0.1:8080')).to.deep.equal(instance);
    expect(recognises('10.0.0.1:8080')).to.equal(true);
  });

  it('writes and reads a record named by an ID, byte for byte', () => {
    const instance = createInstance({ service, address, id: '7' });
    expect(layout.suffix(instance, lease)).to.equal('7');
    expect(layout.encode(carriedBy(layout, instance, new Set()))).to.equal('10.0.0.1:8080');
    expect(decode('10.0.0.1:8080', '7')).to.deep.equal(instance);
    expect(recognises('10.0.0.1:8080', '7')).to.equal(true);
  });

  it('stays the same instance under a new lease, and so under a new key', () => {
    const [before, after] = ['2324035542764078853', '2324035542764078999'];
    const instance = createInstance({ service, address });
    expect(layout.suffix(instance, before)).not.to.equal(layout.suffix(instance, after));
    expect(decode(address, before, before)).to.deep.equal(decode(address, after, after));
    expect(layout.repeatsInstances).to.equal(true);
  });

  it('does not take an ID for a lease that differs in its last digits only, which are lost in a number', () => {
    expect(decode(address, '2324035542764078852')).to.deep.equal(createInstance({ service, address, id: '2324035542764078852' }));
  });

  it('takes a record without a lease for one named by an ID', () => {
    expect(decode(address, '0', '0')).to.deep.equal(createInstance({ service, address, id: '0' }));
  });

  it('reads sockets in the file system, which grpc-go dials, and IPv6 addresses', () => {
    expect(decode('unix:/run/orders.sock')).to.deep.equal(createInstance({ service, address: 'unix:/run/orders.sock' }));
    expect(decode('[2001:db8::7]:8080')).to.deep.equal(createInstance({ service, address: '[2001:db8::7]:8080' }));
  });

  it('refuses to lose weight, version, zone and metadata, and drops them where the user says so', () => {
    const instance = createInstance({ service, address, id: '7', weight: 5, version: '1', zone: 'a', metadata: { k: 'v' } });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /go-zero cannot carry weight, version, zone, metadata;/);
    expect(carriedBy(layout, instance, new Set(['weight', 'version', 'zone', 'metadata']))).to.deep.equal(createInstance({ service, address, id: '7' }));
  });

  it('refuses half a surrogate pair in the address', () => {
    const instance = createInstance({ service, id: '7', address: 'unix:/\ud800' });
    expectThrow(() => carriedBy(layout, instance, new Set()), 'INVALID_INSTANCE', /address "unix:\/\\ud800" holds half/);
  });

  describe('against broken records', () => {
    itRefuses(
      layout,
      [
        // go-zero's clients pass the whole value to gRPC, which cannot dial it.
        ['several addresses', '10.0.0.1:8080;10.0.0.2:8080'],
        ['several addresses with a comma', '10.0.0.1:8080,10.0.0.2:8080'],
        ['space around the address', ' 10.0.0.1:8080'],
        ['a newline behind the address', '10.0.0.1:8080\n'],
        ['no port', '10.0.0.1'],
        ['no host', ':8080'],
        // A server that listens on it publishes it as it is: only 0.0.0.0 is replaced (zrpc/internal/rpcpubserver.go).
        ['the unspecified address of IPv6', '[::]:8080'],
        ['a URL', 'grpc://10.0.0.1:8080'],
        ['a record of etcd-naming', '{"Op":0,"Addr":"10.0.0.1:8080","Metadata":null}'],
        ['an rpcx record', 'group=test&state=inactive&weight=10'],
        ['a URL, in a record named by an ID', 'grpc://10.0.0.1:8080', '7'],
        ['nothing behind the service', '10.0.0.1:8080', ''],
      ],
      '1',
    );
  });

  it('knows broken records of its own by the lease in the key, and leaves those of others to them', () => {
    expect(recognises('hello')).to.equal(true);
    expect(recognises('10.0.0.1:8080', 'orders-0')).to.equal(true);
    // Layout plain has the address in the key, and many a tool no address in the value.
    expect(recognises('10.0.0.1:8080', '10.0.0.1:8080')).to.equal(false);
    expect(recognises('hello', '7')).to.equal(false);
    expect(recognises('hello', '0', '0')).to.equal(false);
    for (const other of [
      '{"address":"127.0.0.1:8888","weight":100,"metadata":{}}',
      '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null}',
      '{"id":"6f9c","name":"svc-go","version":"","metadata":null,"endpoints":["grpc://127.0.0.1:9000"]}',
      '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}',
      'group=test&state=inactive&weight=10',
      '',
    ]) {
      expect(recognises(other, 'tcp@127.0.0.1:8888'), other).to.equal(false);
    }
  });

  it('does not search a value that is too long for an address', () => {
    // Without a limit, the pattern takes seconds for this one.
    const started = performance.now();
    expect(recognises(`${'a:'.repeat(32_000)}{`, '7')).to.equal(false);
    expect(performance.now() - started).to.be.below(500);
  });
});
