import { expect } from 'chai';

import { startEtcd } from '../../support/etcd.js';
import { poll } from '../../support/poll.js';
import { Program } from '../../support/program.js';
import { openRawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

const answers = (output: string): string[] => output.split('\n').filter((line) => line.startsWith('{'));
const expected = (count: number): string[] => Array.from({ length: count }, (_, index) => `{ code: 200, value: 'hello grpc ${index}' }`);

describe('the examples on a real etcd', function () {
  this.timeout(60_000);

  it('server and client as separate processes: calls alternate, and a server that is told to stop leaves no trace', async () => {
    const etcd = await sharedEtcd();
    const raw = openRawEtcd(etcd);
    // The keys of the tutorials, so that what is there can be checked byte for byte.
    const registry = etcd.url({ prefix: '/grpclb', query: { layout: 'plain' } });
    const servers = [new Program('examples/server.ts', ['--registry', registry, '--port', '0']), new Program('examples/server.ts', ['--registry', registry, '--port', '0'])];
    try {
      await Promise.all(servers.map((server) => server.waitFor(/serving simple_grpc at (localhost:\d+)/)));
      const addresses = servers.map(({ output }) => /serving simple_grpc at (\S+)/.exec(output)![1]!);
      expect((await raw.list('/grpclb/')).map(({ key, value }) => `${key} → ${value.toString()}`)).to.have.members(
        addresses.map((address) => `/grpclb/simple_grpc/${address} → ${address}`),
      );
      const client = new Program('examples/client.ts', ['--registry', registry]);
      expect(await client.exited).to.equal(0);
      expect(answers(client.output)).to.deep.equal(expected(8));
      // Every other call, from the first on.
      const received = servers.map(({ output }) => [...output.matchAll(/receive: grpc (\d)/g)].map(([, index]) => Number(index)));
      expect(received).to.have.deep.members([[0, 2, 4, 6], [1, 3, 5, 7]]);
      for (const server of servers) server.signal('SIGTERM');
      expect(await Promise.all(servers.map((server) => server.exited))).to.deep.equal([0, 0]);
      expect(await raw.list('/grpclb/')).to.deep.equal([]);
      expect(await raw.leases()).to.deep.equal([]);
    } finally {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      raw.close();
    }
  });

  it('the README’s quick start', async () => {
    const env = { ROLLCALL_REGISTRY: (await sharedEtcd()).url({ prefix: ownPrefix() }) };
    const server = new Program('examples/quickstart-server.ts', [], env);
    try {
      const raw = openRawEtcd(await sharedEtcd());
      await poll('the registration', async () => (await raw.list(new URL(env.ROLLCALL_REGISTRY.replace('etcd:', 'http:')).pathname)).length === 1, 20_000);
      raw.close();
      const client = new Program('examples/quickstart-client.ts', [], env);
      expect(await client.exited).to.equal(0);
      expect(answers(client.output)).to.deep.equal(expected(4));
      server.signal('SIGTERM');
      expect(await server.exited).to.equal(0);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it('the demo on a cluster of three members, one of which dies meanwhile', async () => {
    const etcd = await startEtcd({ clusterSize: 3 });
    try {
      const demo = new Program('examples/demo.ts', ['--registry', etcd.url()]);
      await demo.waitFor(/from /);
      await etcd.members[1]!.kill();
      expect(await demo.exited, demo.output).to.equal(0);
      expect(demo.output).to.match(/30 calls, 0 failed/);
    } finally {
      await etcd.stop();
    }
  });
});
