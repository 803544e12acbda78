import { expect } from 'chai';
import { createInstance, type Discovery, type Registration, RollcallError, type Snapshot } from 'rollcall';
import sinon from 'sinon';

import { reportReadiness, statusOf } from './readiness.js';

function snapshotOf(...addresses: readonly string[]): Snapshot {
  const instances = addresses.map((address) => createInstance({ service: 'billing', address }));
  return { service: 'billing', revision: '1', status: 'live', since: 0, instances, added: instances, removed: [], changed: [], skipped: [] };
}

describe('the status of a service', () => {
  it('counts who is there', async () => {
    const get = sinon.stub<Parameters<Discovery['get']>, Promise<Snapshot>>().resolves(snapshotOf('10.0.0.1:80', '10.0.0.2:80'));
    expect(await statusOf({ get }, 'billing')).to.equal('2 up');
    sinon.assert.calledOnceWithExactly(get, 'billing');
  });

  it('is unknown while the registry cannot be reached', async () => {
    const get = sinon.stub<Parameters<Discovery['get']>, Promise<Snapshot>>().rejects(new RollcallError('UNAVAILABLE', 'no etcd'));
    expect(await statusOf({ get }, 'billing')).to.equal('unknown');
  });

  it('is an error after close, which is a mistake of ours', async () => {
    const get = sinon.stub<Parameters<Discovery['get']>, Promise<Snapshot>>().rejects(new RollcallError('CLOSED', 'the discovery is closed'));
    const error: unknown = await statusOf({ get }, 'billing').catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'CLOSED');
  });
});

describe('readiness', () => {
  it('follows the state of the registration', () => {
    const dispose = sinon.spy();
    const subscribe = sinon.stub<Parameters<Registration['subscribe']>, Disposable>().returns({ [Symbol.dispose]: dispose });
    const setReady = sinon.spy();
    const reporting = reportReadiness({ state: 'active', subscribe }, setReady);
    const listener = subscribe.firstCall.args[0];
    listener('recovering', { since: 0 });
    listener('active', { since: 1 });
    expect(setReady.args.flat()).to.deep.equal([true, false, true]);
    reporting[Symbol.dispose]();
    sinon.assert.calledOnce(dispose);
  });
});
