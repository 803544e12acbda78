import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import { RollcallError } from '../../../src/core/errors.js';
import { freePorts } from '../../support/free-ports.js';
import { startEtcd } from '../../support/etcd.js';
import { poll } from '../../support/poll.js';
import { startProxy } from '../../support/proxy.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

async function failure(promise: Promise<unknown>): Promise<RollcallError> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(RollcallError);
    return error as RollcallError;
  }
  throw new Error('it did not fail');
}

describe('connecting to etcd', () => {
  it('fails within its time when nothing listens, naming the endpoints and the reason', async () => {
    const [port] = await freePorts(1);
    const error = await failure(connectEtcd({ endpoints: [`127.0.0.1:${port}`], connectTimeout: 0.5 }));
    expect(error).to.include({ code: 'UNAVAILABLE', retryable: true });
    expect(error.message).to.match(new RegExp(`127.0.0.1:${port}.*ECONNREFUSED`));
  });

  it('fails with the same code when its time is over before anything has answered or refused', async () => {
    const connecting = failure(connectEtcd({ endpoints: ['127.0.0.1:1'], connectTimeout: 0.1 }));
    // The process is busy until its time is over: the refusal is still to be read when the timer fires.
    const until = performance.now() + 200;
    while (performance.now() < until);
    expect(await connecting).to.include({ code: 'UNAVAILABLE', retryable: true });
  });

  it('fails within its time when the other side accepts and says nothing', async () => {
    const etcd = await sharedEtcd();
    const proxy = await startProxy(etcd.endpoints[0]!);
    proxy.blackhole();
    const error = await failure(connectEtcd({ endpoints: [proxy.address], connectTimeout: 0.5 }));
    expect(error).to.include({ code: 'UNAVAILABLE', retryable: true });
    await proxy.close();
  });

  it('waits for etcd as long as it takes when it is told to', async () => {
    const etcd = await sharedEtcd();
    const proxy = await startProxy(etcd.endpoints[0]!);
    proxy.cut();
    const connecting = connectEtcd({ endpoints: [proxy.address], prefix: ownPrefix(), connectTimeout: 0.1, waitForReady: true });
    // Several attempts, spread over more than the time it would have had.
    await poll('a few attempts', () => proxy.accepted > 4);
    proxy.restore();
    await (await connecting).close();
    await proxy.close();
  });

  it('stops at once when the signal aborts', async () => {
    const [port] = await freePorts(1);
    const controller = new AbortController();
    const pending = failure(connectEtcd({ endpoints: [`127.0.0.1:${port}`], waitForReady: true }, { signal: controller.signal }));
    controller.abort();
    expect(await pending).to.have.property('code', 'ABORTED');
  });

  it('fails at once for a certificate file that is not there, naming option and file', async () => {
    const error = await failure(connectEtcd({ endpoints: ['127.0.0.1:1'], tls: true, ca: '/no/such/ca.pem' }));
    expect(error.code).to.equal('INVALID_CONFIG');
    expect(error.message).to.match(/"ca".*\/no\/such\/ca\.pem.*no such file/);
  });

  it('fails at once for a certificate file that is no certificate', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'rollcall-'));
    const file = path.join(directory, 'ca.pem');
    await writeFile(file, 'hello');
    const error = await failure(connectEtcd({ endpoints: ['127.0.0.1:1'], tls: true, ca: file }));
    expect(error.message).to.match(/not in PEM form/);
    await rm(directory, { recursive: true });
  });
});

describe('a secured etcd', function () {
  this.timeout(30_000);

  it('lets in who has the certificate of its authority, and tells the others why not', async () => {
    const etcd = await startEtcd({ tls: 'mutual' });
    try {
      const { ca, client, stranger } = etcd.certificates!;
      const secure = { endpoints: etcd.endpoints, tls: true, connectTimeout: 0.5 } as const;
      const backend = await connectEtcd({ ...secure, ca, cert: client.cert, key: client.key });
      await backend.registry.register({ service: 's', address: '127.0.0.1:1' });
      expect((await backend.discovery.get('s')).instances).to.have.length(1);
      await backend.close();
      expect((await failure(connectEtcd({ ...secure, ca }))).code).to.equal('UNAVAILABLE');
      expect((await failure(connectEtcd(secure))).message).to.match(/certificate|self.signed/i);
      expect((await failure(connectEtcd({ ...secure, tls: false }))).code).to.equal('UNAVAILABLE');
      expect((await failure(connectEtcd({ ...secure, ca: stranger.ca, cert: client.cert, key: client.key }))).code).to.equal('UNAVAILABLE');
      expect((await failure(connectEtcd({ ...secure, ca, cert: stranger.cert, key: stranger.key }))).code).to.equal('UNAVAILABLE');
    } finally {
      await etcd.stop();
    }
  });

  it('lets in who has a user and password, and never shows the password', async () => {
    const etcd = await startEtcd({ auth: true });
    try {
      const { limited } = etcd.users!;
      const endpoints = etcd.endpoints;
      const backend = await connectEtcd({ endpoints, username: limited.username, password: limited.password });
      const registration = await backend.registry.register({ service: 's', address: '127.0.0.1:1' });
      expect((await backend.discovery.get('s')).instances).to.deep.equal([registration.instance]);
      await backend.close();

      const wrong = await failure(connectEtcd({ endpoints, username: limited.username, password: 'wrong-pass', waitForReady: false }));
      expect(wrong.code).to.equal('UNAUTHENTICATED');
      expect(wrong.message).to.not.match(/wrong-pass/);
      expect((await failure(connectEtcd({ endpoints }))).code).to.equal('UNAUTHENTICATED');
    } finally {
      await etcd.stop();
    }
  });

  it('refuses what the user’s role does not allow, with PERMISSION_DENIED, and keeps nothing running for it', async () => {
    const etcd = await startEtcd({ auth: true });
    try {
      const { limited } = etcd.users!;
      const backend = await connectEtcd({ endpoints: etcd.endpoints, username: limited.username, password: limited.password, prefix: '/elsewhere' });
      const error = await failure(backend.registry.register({ service: 's', address: '127.0.0.1:1' }));
      expect(error).to.include({ code: 'PERMISSION_DENIED', retryable: false });
      expect((await failure(backend.discovery.get('s'))).code).to.equal('PERMISSION_DENIED');
      await backend.close();
    } finally {
      await etcd.stop();
    }
  });
});
