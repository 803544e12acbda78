import { expect } from 'chai';
import sinon from 'sinon';

import { Catalogue } from '../../src/config/catalogue.js';
import { connect, type ConnectOptions } from '../../src/connect.js';
import { systemClock } from '../../src/core/clock.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import { rollcallModule } from '../../src/inversify/index.js';
import { failure } from '../config/expect-error.js';
import { fakeAdapter, type FakeAdapter } from '../config/fake-adapter.js';

describe('connect', () => {
  let fake: FakeAdapter;
  let catalogue: Catalogue;

  beforeEach(() => {
    fake = fakeAdapter();
    catalogue = new Catalogue([fake.entry]);
  });

  it('gives both ports and closes them', async () => {
    const backend = await connect('fake:', { catalogue });
    expect(backend.registry).to.equal(fake.backend.registry);
    expect(backend.discovery).to.equal(fake.backend.discovery);
    await backend.close();
    await backend.close();
    sinon.assert.calledOnce(fake.backend.close as sinon.SinonStub);
  });

  it('closes at the end of an await using block', async () => {
    const backend = await connect({ adapter: 'fake' }, { catalogue });
    await backend[Symbol.asyncDispose]();
    sinon.assert.calledOnce(fake.backend.close as sinon.SinonStub);
  });

  it('passes its options to the adapter', async () => {
    const options = { clock: { ...systemClock }, random: () => 0.25 };
    await connect('fake:', { catalogue, ...options });
    expect(fake.connect.lastCall.args[1]).to.include(options);
  });

  it('refuses an option that it does not know, and so does the module', async () => {
    const mistyped = { catalogue, loger: console } as ConnectOptions;
    const refused = await failure(() => connect('fake:', mistyped), 'UNKNOWN_OPTION');
    expect(refused.message).to.equal('unknown option "loger" of connect; did you mean "logger"? Known options: logger, clock, random, catalogue, signal');
    await failure(() => rollcallModule('fake:', { ...mistyped }), 'UNKNOWN_OPTION');
    expect(fake.load.callCount).to.equal(0);
  });

  it('passes on what the adapter says when it cannot connect', async () => {
    const refused = new RollcallError('UNAUTHENTICATED', 'wrong password');
    fake.connect.rejects(refused);
    expect(await failure(() => connect('fake:', { catalogue }), 'UNAUTHENTICATED')).to.equal(refused);
  });

  it('rejects with ABORTED when the signal aborted before', async () => {
    await failure(() => connect('fake:', { catalogue, signal: AbortSignal.abort() }), 'ABORTED');
    expect(fake.load.callCount).to.equal(0);
  });

  it('rejects with ABORTED when the signal aborts meanwhile', async () => {
    const called = deferred();
    fake.connect.callsFake(() => {
      called.resolve();
      return new Promise(() => undefined);
    });
    const abort = new AbortController();
    const connecting = connect('fake:', { catalogue, signal: abort.signal });
    await called.promise;
    abort.abort();
    await failure(() => connecting, 'ABORTED');
  });

  it('takes no notice of the signal once it is connected', async () => {
    const abort = new AbortController();
    await connect('fake:', { catalogue, signal: abort.signal });
    abort.abort();
    sinon.assert.notCalled(fake.backend.close as sinon.SinonStub);
  });

  it('tells of a certificate file that is not there, before it opens anything', async () => {
    const error = await failure(() => connect('etcds://127.0.0.1:1?ca=/no/such/ca.pem&waitForReady=true'), 'INVALID_CONFIG');
    expect(error.message).to.include('/no/such/ca.pem');
  });

  it('fails within its time limit when etcd cannot be reached', async () => {
    await failure(() => connect({ adapter: 'etcd', endpoints: ['127.0.0.1:1'], connectTimeout: 0.2 }), 'UNAVAILABLE');
  });

  it('reads the environment when it is given nothing', async () => {
    const env = sinon.stub(process, 'env').value({ ...process.env, ROLLCALL_REGISTRY: 'fake:from-the-environment' });
    try {
      await connect(undefined, { catalogue });
    } finally {
      env.restore();
    }
    expect(fake.connect.lastCall.args[0].place).to.equal('from-the-environment');
  });
});
