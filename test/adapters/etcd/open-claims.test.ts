import { expect } from 'chai';

import { OpenClaims } from '../../../src/adapters/etcd/open-claims.js';

const claim = (name: string) => ({ name, mode: 'claim' as const });

describe('claims that were not answered', () => {
  it('are known, when tried again, with the revision from before their first attempt', () => {
    const claims = new OpenClaims();
    expect([...claims.begin([claim('a')], '40')]).to.deep.equal([]);
    expect([...claims.begin([claim('a'), claim('b')], '50')]).to.deep.equal([['a', '40']]);
    expect([...claims.begin([claim('a'), claim('b')], '60')]).to.deep.equal([['a', '40'], ['b', '50']]);
  });

  it('are forgotten once they are answered or given up, or the store has another history', () => {
    const claims = new OpenClaims();
    claims.begin([claim('a')], '40');
    claims.end('a');
    expect([...claims.begin([claim('a')], '50')]).to.deep.equal([]);
    claims.clear();
    expect([...claims.begin([claim('a')], '60')]).to.deep.equal([]);
  });

  it('are not what renews', () => {
    const claims = new OpenClaims();
    claims.begin([{ name: 'a', mode: 'renew' }], '40');
    expect([...claims.begin([{ name: 'a', mode: 'renew' }], '50')]).to.deep.equal([]);
    expect([...claims.begin([claim('a')], '60')]).to.deep.equal([]);
  });
});
