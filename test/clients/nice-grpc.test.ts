import { setTimeout } from 'node:timers/promises';

import { credentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { ClientError, createChannel, createClient, createServer, Status, waitForChannelReady } from 'nice-grpc';

import { SimpleDefinition } from '../../examples/clients/generated/nice-grpc/simple.js';
import { type NiceServing, serveNice } from '../../examples/clients/nice-grpc-server.js';
import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/adapter.js';
import { registerResolver, type ResolverHandle } from '../../src/grpc/register-resolver.js';
import { poll } from '../support/poll.js';
import { describeClientKind, openSockets } from './support/client-kind.js';
import { callInLoops } from './support/closed-loops.js';

describeClientKind({
  name: 'nice-grpc',
  open(target, options) {
    const channel = createChannel(target, credentials.createInsecure(), options);
    const client = createClient(SimpleDefinition, channel);
    return { call: async (data) => (await client.route({ data }, { signal: AbortSignal.timeout(5000) })).value, close: () => channel.close() };
  },
  statusOf(error) {
    expect(error).to.be.instanceOf(ClientError);
    const { code, details } = error as ClientError;
    return { code: Status[code], details };
  },
});

describe('createChannel of nice-grpc', () => {
  it('takes scheme:service without slashes for a host, so write three', () => {
    const open = (target: string): string => {
      const channel = createChannel(target, credentials.createInsecure());
      channel.close();
      return channel.getTarget();
    };
    expect(open('memory:///simple_grpc')).to.equal('memory:///simple_grpc');
    expect(open('memory:simple_grpc')).to.match(/memory:simple_grpc:80$/);
  });
});

describe('a server of nice-grpc', () => {
  let rollcall: Backend;
  let resolver: ResolverHandle;
  let socketsBefore: number;

  beforeEach(async () => {
    socketsBefore = openSockets();
    rollcall = await connect('memory:');
    resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
  });

  afterEach(async () => {
    resolver.close();
    await rollcall.close();
    await poll('every socket is closed', () => openSockets() <= socketsBefore);
  });

  function start(name: string, route?: () => Promise<{ value: string }>): Promise<NiceServing> {
    const server = createServer();
    server.add(SimpleDefinition, { route: route ?? (() => setTimeout(5, { value: name })) });
    return serveNice(server, { registry: rollcall.registry, service: 'simple_grpc', host: '127.0.0.1', propagationDelay: 100, grace: 200 });
  }

  it('shows nothing that serve() could take', () => {
    expect(createServer()).to.have.all.keys('add', 'with', 'use', 'listen', 'shutdown', 'forceShutdown');
  });

  it('leaves without a failed call by the example', async () => {
    const [a, b] = [await start('a'), await start('b')];
    const channel = createChannel('memory:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
    const client = createClient(SimpleDefinition, channel);
    const loops = callInLoops(async () => (await client.route({ data: 'x' })).value, 10);
    await poll('both are called', () => new Set(loops.answers).size === 2);
    await a.stop();
    const answeredBefore = loops.answers.length;
    await poll('calls go on', () => loops.answers.length > answeredBefore + 20);
    expect(await loops.stop()).to.deep.equal([]);
    expect(new Set(loops.answers.slice(answeredBefore))).to.deep.equal(new Set(['b']));
    channel.close();
    await b.stop();
  });

  it('cuts a call that outlasts the grace', async () => {
    const never = new Promise<{ value: string }>(() => undefined);
    const serving = await start('stuck', () => never);
    const channel = createChannel('memory:///simple_grpc', credentials.createInsecure(), resolver.channelOptions());
    const pending = createClient(SimpleDefinition, channel).route({ data: 'x' });
    let thrown: unknown;
    const settled = pending.catch((error: unknown) => {
      thrown = error;
    });
    await waitForChannelReady(channel, new Date(Date.now() + 5000));
    await serving.stop();
    await settled;
    expect(thrown).to.be.instanceOf(ClientError);
    channel.close();
  });
});
