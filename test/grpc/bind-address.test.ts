import { resolve } from 'node:path';

import { expect } from 'chai';

import { RollcallError } from '../../src/core/errors.js';
import { boundName, parseBindAddress, unixAddress } from '../../src/grpc/bind-address.js';

describe('a bind address', () => {
  for (const [bind, parsed] of [
    ['localhost:8000', { kind: 'tcp', host: 'localhost', port: 8000 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['0.0.0.0:0', { kind: 'tcp', host: '0.0.0.0', port: 0 }],
    ['[::]:0', { kind: 'tcp', host: '::', port: 0 }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix:/run/x:0', { kind: 'unix', path: '/run/x:0' }],
  ] as const) {
    it(`may be ${bind}`, () => {
      expect(parseBindAddress(bind)).to.deep.equal(parsed);
    });
  }

  for (const bind of ['', 'localhost', 'localhost:', ':0', ':::0', '::1:0', 'http://x:0', 'a b:0', 'localhost:65536', 'unix:', undefined, 7]) {
    it(`may not be ${JSON.stringify(bind)}`, () => {
      expect(() => parseBindAddress(bind))
        .to.throw(RollcallError, typeof bind === 'string' ? `bind ${JSON.stringify(bind)} is not` : 'is not')
        .with.property('code', 'INVALID_ADDRESS');
    });
  }

  it('has the name by which grpc-js knows it once it is bound', () => {
    expect(boundName('[::]:0', parseBindAddress('[::]:0'), 4711)).to.equal('[::]:4711');
    expect(boundName('localhost:0', parseBindAddress('localhost:0'), 4711)).to.equal('localhost:4711');
    expect(boundName('localhost:08000', parseBindAddress('localhost:08000'), 8000)).to.equal('localhost:08000');
    expect(boundName('unix:x.sock', parseBindAddress('unix:x.sock'), 0)).to.equal('unix:x.sock');
  });

  it('is made absolute for clients if it is a path', () => {
    expect(unixAddress('run/x.sock')).to.equal(`unix:${resolve('run/x.sock')}`);
  });
});
