import { expect } from 'chai';
import sinon from 'sinon';

import { OpenClaims } from '../../../src/adapters/etcd/open-claims.js';

const claim = (name: string) => ({ name, mode: 'claim' as const });

describe('claims that were not answered', () => {
  it('are known, when tried again, with the revision from before their first attempt', async () => {
    const claims = new OpenClaims();
    expect([...(await claims.begin([claim('a')], () => '40'))]).to.deep.equal([]);
    expect([...(await claims.begin([claim('a'), claim('b')], () => '50'))]).to.deep.equal([['a', '40']]);
    expect([...(await claims.begin([claim('a'), claim('b')], () => '60'))]).to.deep.equal([['a', '40'], ['b', '50']]);
  });

  it('are forgotten once they are answered or given up', async () => {
    const claims = new OpenClaims();
    await claims.begin([claim('a')], () => '40');
    claims.end('a');
    expect([...(await claims.begin([claim('a')], () => '50'))]).to.deep.equal([]);
  });

  it('ask for the revision only where a claim is new', async () => {
    const claims = new OpenClaims();
    const revision = sinon.stub().returns('40');
    await claims.begin([{ name: 'a', mode: 'renew' }], revision);
    await claims.begin([claim('b')], revision);
    await claims.begin([claim('b')], revision);
    expect(revision.callCount).to.equal(1);
  });
});
