import { credentials, InterceptingCall, type Interceptor, Server, ServerCredentials, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { SimpleClient, simpleService } from '../../examples/simple.js';
import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/adapter.js';
import { registerResolver, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import { serve, type ServingHandle } from '../../src/grpc/serve.js';
import { call } from '../grpc/support/simple-service.js';
import { poll } from '../support/poll.js';
import { openSockets } from './support/client-kind.js';

describe('interceptors of grpc-js', () => {
  let rollcall: Backend;
  let resolver: ResolverHandle;
  let serving: ServingHandle[];
  let client: SimpleClient | undefined;
  let socketsBefore: number;
  let tags: unknown[];

  /** Which calls the server's side saw, by the metadata that the client's side put on. */
  const recordTags: ServerInterceptor = (_method, intercepted) =>
    new ServerInterceptingCall(intercepted, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            tags.push(metadata.get('call-number')[0]);
            pass(metadata);
          },
        });
      },
    });

  beforeEach(async () => {
    socketsBefore = openSockets();
    tags = [];
    serving = [];
    rollcall = await connect('memory:');
    resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
  });

  afterEach(async () => {
    client?.close();
    resolver.close();
    for (const each of serving) await each.stop();
    await rollcall.close();
    await poll('every socket is closed', () => openSockets() <= socketsBefore);
  });

  async function start(answer: { readonly value: string } | { readonly code: status }): Promise<void> {
    const server = new Server({ interceptors: [recordTags] });
    server.addService(simpleService, {
      route: (_call: unknown, callback: (error: { code: status } | null, response?: { code: number; value: string }) => void) => {
        if ('code' in answer) callback(answer);
        else callback(null, { code: 200, value: answer.value });
      },
    });
    const options = { registry: rollcall.registry, service: 'simple_grpc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0 };
    serving.push(await serve(server, options));
  }

  /** A client whose calls are numbered by an interceptor; `ended` has the status of each as that interceptor saw it. */
  function numbering(options: object = {}): { readonly client: SimpleClient; readonly ended: status[] } {
    const ended: status[] = [];
    let number = 0;
    const interceptor: Interceptor = (callOptions, next) =>
      new InterceptingCall(next(callOptions), {
        start: (metadata, _listener, begin) => {
          metadata.set('call-number', String(++number));
          begin(metadata, {
            onReceiveStatus: (ending, pass) => {
              ended.push(ending.code);
              pass(ending);
            },
          });
        },
      });
    client = new SimpleClient('memory:///simple_grpc', credentials.createInsecure(), { ...resolver.channelOptions(options), interceptors: [interceptor] });
    return { client, ended };
  }

  it('see each call once, on both sides, whichever instance it goes to', async () => {
    await start({ value: 'a' });
    await start({ value: 'b' });
    const { client: numbered, ended } = numbering();
    const answers: string[] = [];
    for (let i = 0; i < 6; i++) answers.push(await call(numbered));
    expect(answers.filter((answer) => answer === 'a')).to.have.length(3);
    expect(tags).to.deep.equal(['1', '2', '3', '4', '5', '6']);
    expect(ended).to.deep.equal(Array.from({ length: 6 }, () => status.OK));
  });

  it('of the client see one call, those of the servers each attempt, where a retry policy tries another instance', async () => {
    await start({ code: status.UNAVAILABLE });
    await start({ value: 'b' });
    const retryPolicy = { maxAttempts: 3, initialBackoff: '0.01s', maxBackoff: '0.01s', backoffMultiplier: 1, retryableStatusCodes: ['UNAVAILABLE'] };
    const serviceConfig = { methodConfig: [{ name: [{ service: 'Simple' }], retryPolicy }] };
    const { client: numbered, ended } = numbering({ 'grpc.service_config': JSON.stringify(serviceConfig) });
    for (let i = 0; i < 3; i++) expect(await call(numbered)).to.equal('b');
    expect(ended).to.deep.equal([status.OK, status.OK, status.OK]);
    expect(tags.length).to.be.greaterThan(3);
    expect(new Set(tags)).to.deep.equal(new Set(['1', '2', '3']));
  });

  it('see a call that nobody can take, with the reason', async () => {
    const { client: numbered, ended } = numbering();
    let thrown: unknown;
    await call(numbered).catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.include({ code: status.UNAVAILABLE });
    expect(ended).to.deep.equal([status.UNAVAILABLE]);
  });
});
