import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { expectRejection } from '../support/expect-rejection.js';

describe('while etcd is down', function () {
  this.timeout(30_000);
  let etcd: Etcd;

  beforeEach(async () => {
    etcd = await startEtcd();
  });

  afterEach(() => etcd.stop());

  for (const what of ['update', 'deregister'] as const) {
    it(`${what} says that etcd cannot be reached, and why, when it is the first to find out`, async () => {
      const backend = await connectEtcd({ endpoints: etcd.endpoints, requestTimeout: 1, closeTimeout: 0.2 });
      const registration = await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
      await etcd.kill();
      const error = await expectRejection(what === 'update' ? registration.update({ weight: 7 }) : registration.deregister(), 'UNAVAILABLE', /ECONNREFUSED|dropped|reset/i);
      expect(error.retryable).to.equal(true);
      expect(error.message).to.not.match(/Resolution note/);
      expect(error.cause).to.be.instanceOf(Error);
      await backend.close();
    });
  }

  it('a connection may be opened, and is usable once it is up', async () => {
    await etcd.kill();
    const connecting = connectEtcd({ endpoints: etcd.endpoints, waitForReady: true });
    await etcd.restart();
    const backend = await connecting;
    await backend.registry.register({ service: 's', address: '127.0.0.1:8000' });
    expect((await backend.discovery.get('s')).instances).to.have.length(1);
    await backend.close();
  });
});
