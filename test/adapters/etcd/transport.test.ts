import { createRequire } from 'node:module';
import path from 'node:path';

import {
  loadPackageDefinition,
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { expect } from 'chai';
import sinon from 'sinon';

import { AuthToken } from '../../../src/adapters/etcd/auth-token.js';
import type { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { type EtcdOptions, etcdOptions } from '../../../src/adapters/etcd/options.js';
import { type EtcdTransport, openTransport } from '../../../src/adapters/etcd/transport.js';
import { systemClock } from '../../../src/core/clock.js';
import { parseOptions } from '../../../src/core/options.js';

const proto = path.join(path.dirname(createRequire(import.meta.url).resolve('etcd3')), '../proto/rpc.proto');
const definition = loadPackageDefinition(loadSync(proto, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }));
const { KV, Lease, Watch, Auth } = definition.etcdserverpb as unknown as Record<string, ServiceClientConstructor>;

type Unary = (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => void;
type Duplex = (stream: ServerDuplexStream<unknown, unknown>) => void;

type UnaryStub = sinon.SinonStub<Parameters<Unary>, ReturnType<Unary>>;
type DuplexStub = sinon.SinonStub<Parameters<Duplex>, ReturnType<Duplex>>;

/** A server that answers as no real etcd would on demand. */
describe('the transport', () => {
  let server: Server;
  let transport: EtcdTransport;
  let range: UnaryStub;
  let authenticate: UnaryStub;
  let duplex: DuplexStub;
  const limits = { timeoutMs: 2_000 };

  beforeEach(() => {
    range = sinon.stub<Parameters<Unary>, ReturnType<Unary>>().callsFake((_call, callback) => callback(null, { header: { revision: '1' }, kvs: [] }));
    authenticate = sinon.stub<Parameters<Unary>, ReturnType<Unary>>().callsFake((_call, callback) => callback(null, { token: `token-${authenticate.callCount}` }));
    duplex = sinon.stub<Parameters<Duplex>, ReturnType<Duplex>>();
  });

  afterEach(() => {
    transport.close();
    server.forceShutdown();
  });

  async function open(options: Partial<EtcdOptions> = {}): Promise<EtcdTransport> {
    server = new Server();
    const stub = (fake: Unary | Duplex) => (...args: Parameters<Unary>) => (fake as Unary)(...args);
    server.addService(KV!.service, { range: stub(range) });
    server.addService(Auth!.service, { authenticate: stub(authenticate) });
    server.addService(Lease!.service, { leaseKeepAlive: stub(duplex) });
    server.addService(Watch!.service, { watch: stub(duplex) });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    transport = openTransport(`127.0.0.1:${port}`, parseOptions(etcdOptions, options, 'the test'), new AuthToken({}, { clock: systemClock, random: Math.random }));
    return transport;
  }

  const metadataOf = (stub: UnaryStub | DuplexStub, index = 0): Metadata => (stub.args[index]![0] as { metadata: Metadata }).metadata;
  const failureOf = (promise: Promise<unknown>): Promise<EtcdError> =>
    promise.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: unknown) => error as EtcdError,
    );

  it('fails a call that is not answered within its time', async () => {
    range.callsFake(() => undefined);
    expect(await failureOf((await open()).range({}, { timeoutMs: 50 }))).to.include({ code: 'TIMEOUT', kind: 'connection' });
  });

  it('cancels a call whose signal aborts, on the server as well', async () => {
    const controller = new AbortController();
    const cancelled = new Promise<void>((resolve) => {
      range.callsFake((call) => {
        call.on('cancelled', () => resolve());
        controller.abort();
      });
    });
    const failed = failureOf((await open()).range({}, { ...limits, signal: controller.signal }));
    await cancelled;
    expect(await failed).to.have.property('retryable', true);
  });

  it('takes an answer larger than four megabytes', async () => {
    const value = Buffer.alloc(5_000_000);
    range.callsFake((_call, callback) => callback(null, { header: { revision: '1' }, kvs: [{ key: Buffer.from('k'), value }] }));
    const { kvs } = await (await open()).range({}, limits);
    expect(kvs[0]!.value.length).to.equal(value.length);
  });

  it('sends the token, and gets a new one, once, when it is refused', async () => {
    const refuse: Unary = (_call, callback) => callback({ code: status.UNAUTHENTICATED, details: 'etcdserver: invalid auth token' });
    range.onFirstCall().callsFake(refuse);
    await open({ username: 'me', password: 'p' });
    await transport.authenticate(limits);
    await transport.range({}, limits);
    expect(metadataOf(range, 0).get('token')).to.deep.equal(['token-1']);
    expect(metadataOf(range, 1).get('token')).to.deep.equal(['token-2']);
    // etcd refuses even the call for a new token if it comes with one that has expired.
    expect(metadataOf(authenticate, 1).get('token')).to.deep.equal([]);
    expect(authenticate.callCount).to.equal(2);
  });

  it('gives up where every token is refused, instead of asking without end', async () => {
    range.callsFake((_call, callback) => callback({ code: status.UNAUTHENTICATED, details: 'etcdserver: invalid auth token' }));
    await open({ username: 'me', password: 'p' });
    await transport.authenticate(limits);
    expect(await failureOf(transport.range({}, limits))).to.include({ code: 'UNAUTHENTICATED', kind: 'token' });
    expect(range.callCount).to.equal(2);
    expect(authenticate.callCount).to.equal(2);
  });

  it('goes in without a token where etcd has authentication switched off', async () => {
    authenticate.callsFake((_call, callback) => callback({ code: status.FAILED_PRECONDITION, details: 'etcdserver: authentication is not enabled' }));
    await open({ username: 'me', password: 'p' });
    await transport.authenticate(limits);
    await transport.range({}, limits);
  });

  for (const kind of ['watch', 'keepAlive'] as const) {
    const start = (handlers: { message: () => void; ended: (error: EtcdError) => void }) => (kind === 'watch' ? transport.watch(handlers) : transport.keepAlive(handlers));

    it(`${kind}: asks the member to end the stream when it has no leader`, async () => {
      await open();
      const arrived = new Promise<void>((resolve) => duplex.callsFake(() => resolve()));
      start({ message: () => undefined, ended: () => undefined });
      await arrived;
      expect(metadataOf(duplex).get('hasleader')).to.deep.equal(['true']);
    });

    it(`${kind}: a stream that the server ends with status OK has failed, once`, async () => {
      await open();
      duplex.callsFake((stream) => stream.end());
      const ended = sinon.spy();
      await new Promise<void>((resolve) => {
        start({
          message: () => undefined,
          ended: (error) => {
            ended(error);
            resolve();
          },
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended.callCount).to.equal(1);
      expect(ended.firstCall.args[0]).to.include({ code: 'UNAVAILABLE', kind: 'connection' });
    });

    it(`${kind}: a stream that breaks has failed, once`, async () => {
      await open();
      duplex.callsFake(() => server.forceShutdown());
      const ended = sinon.spy();
      await new Promise<void>((resolve) => {
        start({
          message: () => undefined,
          ended: (error) => {
            ended(error);
            resolve();
          },
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended.callCount).to.equal(1);
    });

    it(`${kind}: one that we end ourselves ends on the server, and nothing is told`, async () => {
      await open();
      const closed = new Promise<void>((resolve) => {
        duplex.callsFake((stream) => {
          stream.on('data', () => undefined);
          stream.once('cancelled', () => resolve());
          stream.once('end', () => resolve());
          opened();
        });
      });
      let opened = (): void => undefined;
      const arrived = new Promise<void>((resolve) => (opened = resolve));
      const ended = sinon.spy();
      const stream = start({ message: () => undefined, ended });
      await arrived;
      stream.end();
      await closed;
      expect(ended.callCount).to.equal(0);
    });
  }
});
