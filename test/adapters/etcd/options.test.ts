import { expect } from 'chai';

import { checkEtcdOptions, type CheckedEtcdOptions, etcdOptions, etcdOptionsFromUrl } from '../../../src/adapters/etcd/options.js';
import { placesOf } from '../../../src/adapters/etcd/places.js';
import { parseOptions } from '../../../src/core/options.js';
import { RollcallError } from '../../../src/core/errors.js';

const parse = (raw: Record<string, unknown>): CheckedEtcdOptions => parseOptions(etcdOptions, raw, 'adapter etcd');

function codeOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof RollcallError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('etcd options', () => {
  it('have defaults for everything', () => {
    const options = parse({});
    expect(options.endpoints).to.deep.equal(['127.0.0.1:2379']);
    expect(options).to.deep.include({ prefix: [], layout: ['rollcall'], drop: [], ttl: 5, tls: false, waitForReady: false, connectTimeout: 5, requestTimeout: 5 });
  });

  it('give an endpoint without a port the port of etcd', () => {
    expect(parse({ endpoints: 'h1,h2:1234,[::1]' }).endpoints).to.deep.equal(['h1:2379', 'h2:1234', '[::1]:2379']);
  });

  for (const [given, expected] of [
    ['/grpclb', '/grpclb'],
    ['/grpclb/', '/grpclb'],
    ['a/b', 'a/b'],
    ['/kitex/registry-etcd/', '/kitex/registry-etcd'],
  ] as const) {
    it(`read the prefix ${given} as ${expected}`, () => {
      expect(parse({ prefix: given }).prefix).to.deep.equal([expected]);
    });
  }

  for (const prefix of ['', '/', '//', '/a//b', '/a/../b', '/a b', '/a\u0000']) {
    it(`refuse the prefix ${JSON.stringify(prefix)}`, () => {
      expect(codeOf(() => parse({ prefix })).code).to.equal('INVALID_CONFIG');
    });
  }

  for (const endpoints of ['http://h1:2379', 'h1:0', 'h1:70000', '0.0.0.0:2379', '', 'h1,,h2', [], [1]]) {
    it(`refuse the endpoints ${JSON.stringify(endpoints)}`, () => {
      const { code, message } = codeOf(() => parse({ endpoints }));
      expect(code).to.equal('INVALID_CONFIG');
      expect(message).to.match(/endpoint/);
    });
  }

  for (const ttl of [0, -1, 1.5, '5s', NaN]) {
    it(`refuse the ttl ${String(ttl)}`, () => {
      expect(codeOf(() => parse({ ttl })).message).to.match(/"ttl".*whole number of seconds/);
    });
  }

  for (const [given, layout] of [
    ['kratos', ['kratos']],
    ['rollcall,kratos', ['rollcall', 'kratos']],
    [['rollcall', 'go-zero'], ['rollcall', 'go-zero']],
    ['auto', 'auto'],
  ] as const) {
    it(`read the layout ${JSON.stringify(given)}`, () => {
      expect(parse({ layout: given }).layout).to.deep.equal(layout);
    });
  }

  for (const layout of ['', 'rollcall,', 'auto,kratos', ['auto'], [], 7, 'Kratos']) {
    it(`refuse the layout ${JSON.stringify(layout)}`, () => {
      expect(codeOf(() => parse({ layout }))).to.have.property('code', 'INVALID_CONFIG');
    });
  }

  it('read what may be dropped, and refuse what is no field', () => {
    expect(parse({ drop: 'zone,weight' }).drop).to.deep.equal(['zone', 'weight']);
    expect(codeOf(() => parse({ drop: 'address' })).message).to.match(/id, weight, version, zone, metadata/);
  });

  for (const [query, prefixes] of [
    ['', ['/rollcall']],
    ['layout=etcd-naming', ['']],
    ['layout=kratos', ['/microservices']],
    ['layout=kitex', ['kitex/registry-etcd']],
    ['layout=rollcall,kratos', ['/rollcall', '/microservices']],
    ['layout=rollcall,kratos&prefix=/a,b/c', ['/a', 'b/c']],
    ['layout=rollcall,kratos&prefix=/a,', ['/a', '/microservices']],
    ['layout=kratos&prefix=/a,/b', ['/a', '/b']],
    ['layout=auto&prefix=/a', ['/a']],
  ] as const) {
    it(`find the places of ?${query}`, () => {
      const options = parse(Object.fromEntries(new URLSearchParams(query)));
      checkEtcdOptions(options);
      expect(placesOf(options.layout, options.prefix).map(({ prefix }) => prefix)).to.deep.equal(prefixes);
    });
  }

  it('look everywhere under layout auto without a prefix', () => {
    const { layout, prefix } = parse({ layout: 'auto' });
    expect(placesOf(layout, prefix).map((place) => place.prefix)).to.include.members(['/rollcall', '', '/microservices', 'kitex/registry-etcd', 'hertz/registry-etcd', '/micro/registry', '/rpcx', '/services', '/grpclb']);
  });

  it('refuse two layouts under one prefix, and another number of prefixes than of layouts', () => {
    expect(codeOf(() => checkEtcdOptions(parse({ layout: 'rollcall,plain' }))).message).to.match(/two layouts under \/rollcall/);
    expect(codeOf(() => checkEtcdOptions(parse({ layout: 'etcd-naming,go-zero' }))).message).to.match(/two layouts without a prefix/);
    expect(codeOf(() => checkEtcdOptions(parse({ layout: 'rollcall,kratos', prefix: '/a' }))).message).to.match(/2 layouts \(rollcall, kratos\) and 1 prefix/);
    expect(codeOf(() => checkEtcdOptions(parse({ layout: 'rollcall,kratos', prefix: '/a,/b,/c' }))).message).to.match(/3 prefixes/);
  });

  it('refuse one prefix inside another', () => {
    expect(codeOf(() => checkEtcdOptions(parse({ layout: 'rollcall,kratos', prefix: '/a,/a/b' })))).to.have.property('code', 'INVALID_CONFIG');
  });

  it('name the one of a list that is unknown, and what was probably meant', () => {
    expect(codeOf(() => parse({ layout: ['rollcall', 'krato'] })).message).to.match(/"krato" is not one of .*did you mean "kratos"/);
  });

  it('refuse an unknown layout and name the known ones', () => {
    expect(codeOf(() => parse({ layout: 'kratoss' })).message).to.match(/rollcall, plain/);
  });

  it('refuse a URL whose slashes were forgotten, instead of talking to this very machine', () => {
    const url = { scheme: 'etcd', hosts: [], path: 'h1:2379', query: new Map<string, string>() };
    expect(codeOf(() => etcdOptionsFromUrl(url))).to.deep.equal({ code: 'INVALID_CONFIG', message: 'adapter etcd: the URL has no //; write etcd://host:port/prefix' });
  });

  it('refuse a user without a password', () => {
    expect(codeOf(() => checkEtcdOptions(parse({ username: 'me' }))).message).to.match(/username and password go together/);
  });

  it('refuse a certificate without its key', () => {
    expect(codeOf(() => checkEtcdOptions(parse({ tls: true, cert: 'a.pem' }))).message).to.match(/cert and key go together/);
  });

  it('refuse certificate files without TLS', () => {
    expect(codeOf(() => checkEtcdOptions(parse({ ca: 'a.pem' }))).message).to.match(/ca given without TLS/);
  });

  it('never show a password that they refuse', () => {
    const { message } = codeOf(() => parse({ password: { secret: 'hunter2' } }));
    expect(message).to.match(/"password"/).and.not.match(/hunter2/);
  });
});
