import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { CallCredentials, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { SimpleClient, simpleService } from '../../examples/simple.js';
import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/adapter.js';
import { registerResolver, type RegisterResolverOptions, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import { serve, type ServingHandle } from '../../src/grpc/serve.js';
import { callMany, failure } from '../grpc/support/simple-service.js';
import { poll } from '../support/poll.js';
import { openSockets } from './support/client-kind.js';
import { type Authority, namedAuthority, type NamedCertificate } from './support/named-certificates.js';

describe('instances with certificates of their own names', () => {
  let authority: Authority;
  let certificates: Readonly<Record<'a.internal' | 'b.internal' | 'client.internal', NamedCertificate>>;
  let rollcall: Backend;
  let resolver: ResolverHandle | undefined;
  let client: SimpleClient | undefined;
  let serving: ServingHandle[];
  let tokens: unknown[];
  let socketsBefore: number;

  before(async () => {
    authority = await namedAuthority();
    const [a, b, own] = await Promise.all(['a.internal', 'b.internal', 'client.internal'].map((name) => authority.issue(name)));
    certificates = { 'a.internal': a!, 'b.internal': b!, 'client.internal': own! };
  });

  beforeEach(async () => {
    socketsBefore = openSockets();
    serving = [];
    tokens = [];
    rollcall = await connect('memory:');
  });

  afterEach(async () => {
    client?.close();
    resolver?.close();
    client = resolver = undefined;
    for (const each of serving) await each.stop();
    await rollcall.close();
    await poll('every socket is closed', () => openSockets() <= socketsBefore);
  });

  /** @param published the name in the instance's metadata, where that is not the certificate's */
  async function start(name: 'a.internal' | 'b.internal', options: { readonly published?: string; readonly mutual?: boolean } = {}): Promise<void> {
    const { published = name, mutual = false } = options;
    const server = new Server();
    server.addService(simpleService, {
      route: (call: { metadata: Metadata }, callback: (error: null, response: { code: number; value: string }) => void) => {
        tokens.push(call.metadata.get('authorization')[0]);
        callback(null, { code: 200, value: name });
      },
    });
    const { cert, key } = certificates[name];
    const handle = await serve(server, {
      registry: rollcall.registry,
      service: 'simple_grpc',
      id: name,
      metadata: { tls_server_name: published },
      bind: '127.0.0.1:0',
      credentials: ServerCredentials.createSsl(mutual ? authority.ca : null, [{ cert_chain: cert, private_key: key }], mutual),
      propagationDelay: 0,
    });
    serving.push(handle);
  }

  function open(serverName: RegisterResolverOptions['serverName'], channelCredentials = credentials.createSsl(authority.ca)): SimpleClient {
    resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery, serverName });
    client = new SimpleClient('memory:///simple_grpc', channelCredentials, resolver.channelOptions());
    return client;
  }

  it('are each verified by the name in their metadata', async () => {
    await Promise.all([start('a.internal'), start('b.internal')]);
    const names = await callMany(open('metadata.tls_server_name'), 4);
    expect([...names].sort()).to.deep.equal(['a.internal', 'a.internal', 'b.internal', 'b.internal']);
  });

  it('are each verified by the name that a function gives', async () => {
    await Promise.all([start('a.internal', { published: '' }), start('b.internal', { published: '' })]);
    const names = await callMany(open(({ id }) => id), 4);
    expect([...names].sort()).to.deep.equal(['a.internal', 'a.internal', 'b.internal', 'b.internal']);
  });

  it('are not called where the certificate is for another name', async () => {
    await start('a.internal', { published: 'b.internal' });
    const { code, details } = await failure(open('metadata.tls_server_name'));
    expect(code).to.equal(status.UNAVAILABLE);
    expect(details).to.match(/b\.internal\. is not in the cert's altnames: DNS:a\.internal/);
  });

  it('leave those that can be verified to be called, where one cannot', async () => {
    await Promise.all([start('a.internal', { published: 'b.internal' }), start('b.internal')]);
    expect(await callMany(open('metadata.tls_server_name'), 4)).to.deep.equal(['b.internal', 'b.internal', 'b.internal', 'b.internal']);
  });

  it('are verified by the name of the service where no name is given', async () => {
    await start('a.internal');
    const { details } = await failure(open(() => undefined));
    expect(details).to.match(/simple_grpc\. is not in the cert's altnames/);
  });

  it('verify the client too, and are told its token, over that connection', async () => {
    await Promise.all([start('a.internal', { mutual: true }), start('b.internal', { mutual: true })]);
    const own = certificates['client.internal'];
    const token = CallCredentials.createFromMetadataGenerator((_options, give) => {
      const metadata = new Metadata();
      metadata.set('authorization', 'Bearer of-the-client');
      give(null, metadata);
    });
    const both = credentials.combineChannelCredentials(credentials.createSsl(authority.ca, own.key, own.cert), token);
    const names = await callMany(open('metadata.tls_server_name', both), 4);
    expect(new Set(names)).to.have.property('size', 2);
    expect(tokens).to.deep.equal(Array.from({ length: 4 }, () => 'Bearer of-the-client'));
  });

  it('are called by the example', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'rollcall-names-'));
    try {
      const { 'a.internal': a, 'b.internal': b } = certificates;
      const files = { 'ca.pem': authority.ca, 'a.pem': a.cert, 'a.key': a.key, 'b.pem': b.cert, 'b.key': b.key };
      await Promise.all(Object.entries(files).map(([name, content]) => writeFile(path.join(directory, name), content)));
      const script = fileURLToPath(new URL('../../examples/clients/server-names.ts', import.meta.url));
      const args = Object.keys(files).map((name) => path.join(directory, name));
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args], { timeout: 20_000 });
      expect(stdout).to.include('hello from a.internal').and.to.include('hello from b.internal');
    } finally {
      await rm(directory, { recursive: true });
    }
  }).timeout(30_000);

  it('refuse a client without a certificate where they want one', async () => {
    await start('a.internal', { mutual: true });
    const { code } = await failure(open('metadata.tls_server_name'));
    expect(code).to.equal(status.UNAVAILABLE);
  });
});
