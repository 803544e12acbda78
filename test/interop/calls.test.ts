import { ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/index.js';
import { registerResolver, serve, type ServingHandle } from '../../src/grpc/index.js';
import { call, simpleClient, simpleServer } from '../grpc/support/simple-service.js';
import { poll } from '../support/poll.js';
import { sharedEtcd } from '../support/shared-etcd.js';
import { GoPeer } from './go-peer.js';

interface Answers {
  readonly answers: Readonly<Record<string, number>>;
}

describe('grpc-go over etcd’s resolver and grpc-js over rollcall', function () {
  this.timeout(30_000);
  let endpoint: string;
  let backend: Backend;

  before(async () => {
    endpoint = (await sharedEtcd()).endpoints[0]!;
  });

  beforeEach(async () => {
    backend = await connect(`etcd://${endpoint}?layout=etcd-naming&ttl=2`);
  });

  afterEach(() => backend.close());

  async function goServer(service: string, name: string): Promise<GoPeer> {
    const peer = new GoPeer('serve', endpoint, service, name);
    await peer.report();
    return peer;
  }

  const nodeServer = (service: string, name: string): Promise<ServingHandle> =>
    serve(simpleServer(name), { registry: backend.registry, service, bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0.2 });

  it('a client here calls Go servers and one of Node in turn, and fails no call while a Go server leaves', async () => {
    await using first = await goServer('go-serves', 'go 1');
    await using second = await goServer('go-serves', 'go 2');
    const serving = await nodeServer('go-serves', 'node');
    const resolver = registerResolver({ scheme: 'etcd', discovery: backend.discovery });
    const client = simpleClient('etcd:///go-serves', resolver.channelOptions());
    const answersOf = async (count: number): Promise<Record<string, number>> => {
      const answers: Record<string, number> = {};
      for (let calls = 0; calls < count; calls++) {
        const name = await call(client);
        answers[name] = (answers[name] ?? 0) + 1;
      }
      return answers;
    };
    try {
      // Connections come up one after the other; from then on each is called in turn.
      await poll('answers of all three', async () => Object.keys(await answersOf(3)).length === 3);
      expect(await answersOf(30)).to.deep.equal({ 'go 1': 10, 'go 2': 10, node: 10 });
      const left = first.leave();
      await poll('answers without the one that leaves', async () => !('go 1' in (await answersOf(30))));
      await left;
      expect(await answersOf(30)).to.deep.equal({ 'go 2': 15, node: 15 });
      await second.leave();
    } finally {
      client.close();
      resolver.close();
      await serving.stop();
    }
  });

  it('a Go client calls servers of Node and one of Go in turn, and fails no call while a server here leaves', async () => {
    const one = await nodeServer('node-serves', 'node 1');
    const two = await nodeServer('node-serves', 'node 2');
    await using go = await goServer('node-serves', 'go');
    await using client = new GoPeer('call', endpoint, 'node-serves');
    await client.report();
    const answersOf = async (count: number): Promise<Answers['answers']> => (await client.ask<Answers>(String(count))).answers;

    await poll('answers of all three', async () => Object.keys(await answersOf(3)).length === 3);
    expect(await answersOf(30)).to.deep.equal({ 'node 1': 10, 'node 2': 10, go: 10 });
    // The peer ends on the first call that fails.
    const stopped = one.stop();
    await poll('answers without the one that leaves', async () => !('node 1' in (await answersOf(30))));
    await stopped;
    expect(await answersOf(30)).to.deep.equal({ 'node 2': 15, go: 15 });
    await client.leave();
    await two.stop();
    await go.leave();
  });
});
