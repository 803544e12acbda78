import { expect } from 'chai';

import { RollcallError } from '../../src/core/errors.js';
import { defaultAuthority, formatDiscoveryTarget, parseDiscoveryTarget, parseResolverName, parseScheme } from '../../src/grpc/target.js';

describe('a target of a discovery', () => {
  // On the left what grpc-js 1.14 makes of the target on the right.
  const forms = [
    [{ scheme: 'etcd', authority: '', path: 'svc' }, 'etcd:///svc', '', 'svc'],
    [{ scheme: 'etcd', authority: 'name', path: 'svc' }, 'etcd://name/svc', 'name', 'svc'],
    [{ scheme: 'etcd', path: '//svc' }, 'etcd://svc', '', 'svc'],
    [{ scheme: 'etcd', path: '//svc/' }, 'etcd://svc/', '', 'svc'],
    [{ scheme: 'etcd', path: 'svc' }, 'etcd:svc', '', 'svc'],
    [{ scheme: 'etcd', authority: '', path: '/svc' }, 'etcd:////svc', '', '/svc'],
  ] as const;
  for (const [uri, target, name, service] of forms) {
    it(`reads ${target} as service "${service}" of ${name === '' ? 'the nameless discovery' : `discovery "${name}"`}`, () => {
      expect(parseDiscoveryTarget(uri)).to.deep.equal({ name, service });
    });
  }

  it('is written with three slashes, or with the name', () => {
    expect(formatDiscoveryTarget('etcd', { name: '', service: 'svc' })).to.equal('etcd:///svc');
    expect(formatDiscoveryTarget('etcd', { name: 'west', service: 'svc' })).to.equal('etcd://west/svc');
  });
});

describe('the default authority', () => {
  for (const [path, authority] of [
    ['simple_grpc', 'simple_grpc'],
    ['orders.v2-eu', 'orders.v2-eu'],
    ['svc:v1@x', 'svc-v1-x'],
    ['a b/ü', 'a-b--'],
    ['orders.2', 'orders-2'],
    ['x.0x1f', 'x-0x1f'],
    ['10.0.0.1', '10.0.0.1'],
  ] as const) {
    it(`of ${JSON.stringify(path)} is ${authority}, a legal host`, () => {
      const found = defaultAuthority({ scheme: 'etcd', authority: '', path });
      expect(found).to.equal(authority);
      expect(URL.canParse(`http://${found}`)).to.equal(true);
    });
  }

  it('is there even for a target without any service', () => {
    expect(defaultAuthority({ scheme: 'etcd', path: '//' })).to.equal('rollcall');
  });
});

describe('a scheme and a name', () => {
  for (const scheme of ['', 'Etcd', '1st', 'a b', 'dns', 'unix', 7]) {
    it(`refuses the scheme ${JSON.stringify(scheme)}`, () => {
      expect(() => parseScheme(scheme)).to.throw(RollcallError, /scheme/).with.property('code', 'INVALID_CONFIG');
    });
  }

  for (const name of ['', 'a/b', 'a b', '-a', 'a:1', undefined]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      expect(() => parseResolverName(name)).to.throw(RollcallError, /name/).with.property('code', 'INVALID_CONFIG');
    });
  }
});
