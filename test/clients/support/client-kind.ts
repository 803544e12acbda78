import { type ChannelOptions, Server, ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import { type SimpleResponse, simpleService } from '../../../examples/simple.js';
import { connect } from '../../../src/connect.js';
import type { Backend } from '../../../src/core/adapter.js';
import { registerResolver, type ResolverHandle } from '../../../src/grpc/register-resolver.js';
import { serve, type ServingHandle } from '../../../src/grpc/serve.js';
import { poll } from '../../support/poll.js';
import { callInLoops } from './closed-loops.js';

export interface OpenClient {
  /** Who answered a call of Simple.Route. */
  call(data: string): Promise<string>;
  close(): void;
}

/** One way of making gRPC clients, and what is particular to it. */
export interface ClientKind {
  readonly name: string;
  open(target: string, options: ChannelOptions): OpenClient;
  /** The status of a failed call, in whatever form this kind throws it. */
  statusOf(error: unknown): { readonly code: string; readonly details: string };
  /** A server that answers with its name by `answerLater`. Default: a plain grpc-js one. */
  server?(name: string): Server;
}

/** What a client must see through our resolver, whoever generated it. */
export function describeClientKind(kind: ClientKind): void {
  describe(`a client of ${kind.name}`, () => {
    let rollcall: Backend;
    let resolver: ResolverHandle;
    let client: OpenClient;
    let serving: ServingHandle[];
    let socketsBefore: number;

    beforeEach(async () => {
      socketsBefore = openSockets();
      serving = [];
      rollcall = await connect('memory:');
      resolver = registerResolver({ scheme: 'memory', discovery: rollcall.discovery });
      client = kind.open('memory:///simple_grpc', resolver.channelOptions());
    });

    afterEach(async () => {
      client.close();
      await poll('nobody watches', () => watched(rollcall) === 0);
      resolver.close();
      for (const each of serving) await each.stop();
      await rollcall.close();
      await poll('every socket is closed', () => openSockets() <= socketsBefore);
    });

    async function start(name: string): Promise<ServingHandle> {
      const handle = await serve(kind.server?.(name) ?? plainServer(name), {
        registry: rollcall.registry,
        service: 'simple_grpc',
        bind: '127.0.0.1:0',
        credentials: ServerCredentials.createInsecure(),
        propagationDelay: 0.05,
      });
      serving.push(handle);
      return handle;
    }

    async function answers(count: number): Promise<string[]> {
      const names: string[] = [];
      for (let i = 0; i < count; i++) names.push(await client.call(`call ${i}`));
      return names;
    }

    it('is balanced over two servers, call by call', async () => {
      await Promise.all([start('a'), start('b')]);
      const names = await answers(6);
      expect(names.slice(0, 2)).to.have.members(['a', 'b']);
      expect(names).to.deep.equal([...names.slice(0, 2), ...names.slice(0, 2), ...names.slice(0, 2)]);
    });

    it('sees an instance come, and go without a failed call', async () => {
      const a = await start('a');
      expect(await answers(2)).to.deep.equal(['a', 'a']);
      await start('b');
      await poll('b is called', async () => (await client.call('x')) === 'b');
      const loops = callInLoops(() => client.call('x'), 10);
      await poll('calls are answered', () => loops.answers.length > 20);
      await a.stop();
      expect(await loops.stop()).to.deep.equal([]);
      expect(await answers(3)).to.deep.equal(['b', 'b', 'b']);
    });

    it('fails with UNAVAILABLE and says why when nobody is there, and recovers', async () => {
      let thrown: unknown;
      await client.call('x').catch((error: unknown) => {
        thrown = error;
      });
      const { code, details } = kind.statusOf(thrown);
      expect(code).to.equal('UNAVAILABLE');
      expect(details).to.match(/no instances of "simple_grpc" are registered/);
      await start('a');
      await poll('a is called', async () => (await client.call('x').catch(() => 'nobody')) === 'a');
    });
  });
}

/** After some milliseconds, so that a busy server always has calls under way: one that cut them would be noticed. */
export function answerLater(name: string, callback: (error: null, response: SimpleResponse) => void): void {
  setTimeout(() => {
    callback(null, { code: 200, value: name });
  }, 5);
}

function plainServer(name: string): Server {
  const server = new Server();
  server.addService(simpleService, {
    route: (_call: unknown, callback: (error: null, response: SimpleResponse) => void) => {
      answerLater(name, callback);
    },
  });
  return server;
}

function watched({ discovery }: Backend): number {
  const { live, stale, starting } = discovery.status.services;
  return live + stale + starting;
}

export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((each) => each.startsWith('TCP')).length;
}
