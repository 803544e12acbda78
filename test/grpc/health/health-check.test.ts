import { once } from 'node:events';
import { spawn } from 'node:child_process';

import { type Server, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { HealthImplementation } from 'grpc-health-check';

import type { SimpleClient } from '../../../examples/simple.js';
import { systemClock } from '../../../src/core/clock.js';
import { poll } from '../../support/poll.js';
import { call, callMany, failure, type NamedServer, simpleClient, startServer } from '../support/simple-service.js';
import { healthPolicy, healthPolicyName } from './health-policy.js';

interface HealthyServer extends NamedServer {
  readonly health: HealthImplementation;
}

describe('client-side health checks over real servers', () => {
  const undo: (() => unknown)[] = [];
  let changes: string[];

  async function server(name: string): Promise<HealthyServer> {
    const started = await startServer(name);
    undo.push(started.stop);
    const health = new HealthImplementation({ '': 'SERVING', orders: 'SERVING' });
    health.addToServer(started.server);
    return { ...started, health };
  }

  function client(servers: readonly NamedServer[], policy: object = { [healthPolicyName]: {} }): SimpleClient {
    const serviceConfig = JSON.stringify({ loadBalancingConfig: [policy] });
    const target = `ipv4:${servers.map(({ address }) => address).join(',')}`;
    const made = simpleClient(target, { 'grpc.service_config': serviceConfig, 'grpc.use_local_subchannel_pool': 1 });
    undo.push(() => made.close());
    return made;
  }

  async function answering(made: SimpleClient, ...names: readonly string[]): Promise<void> {
    const wanted = [...names].sort().join();
    await poll(`answers of ${wanted} only`, async () => [...new Set(await callMany(made, 6))].sort().join() === wanted);
  }

  beforeEach(() => {
    changes = [];
    healthPolicy.options = { service: 'orders', clock: systemClock, random: () => 1 };
    healthPolicy.events = { changed: (_address, healthy, detail) => changes.push(`${healthy}: ${detail}`) };
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  for (const [where, policy] of [
    ['alone', { [healthPolicyName]: {} }],
    ['under outlier_detection', { outlier_detection: { child_policy: [{ [healthPolicyName]: {} }], success_rate_ejection: {} } }],
  ] as const) {
    it(`skips an instance that is not serving, and takes it back, ${where}; no call fails`, async () => {
      const servers = [await server('a'), await server('b')] as const;
      const made = client(servers, policy);
      await answering(made, 'a', 'b');
      servers[0].health.setStatus('orders', 'NOT_SERVING');
      await answering(made, 'b');
      servers[0].health.setStatus('orders', 'SERVING');
      await answering(made, 'a', 'b');
      expect(servers[0].peers.size + servers[1].peers.size, 'connections').to.equal(2);
    });
  }

  it('fails calls only if nobody is healthy', async () => {
    const only = await server('a');
    only.health.setStatus('orders', 'NOT_SERVING');
    const made = client([only]);
    const error = await failure(made);
    expect(error.code).to.equal(status.UNAVAILABLE);
    expect(error.details).to.contain('unhealthy');
    expect(changes).to.deep.equal([`false: ${only.address} is unhealthy: service "orders" is NOT_SERVING`]);
  });

  it('counts a service that the server does not know as unhealthy', async () => {
    healthPolicy.options = { ...healthPolicy.options, service: 'invoices' };
    expect((await failure(client([await server('a')]))).details).to.contain('unhealthy');
    expect(changes.at(-1)).to.contain('service "invoices" is SERVICE_UNKNOWN');
  });

  it('counts a server without the health service as healthy', async () => {
    const plain = await startServer('plain');
    undo.push(plain.stop);
    expect(await call(client([plain]))).to.equal('plain');
    expect(changes).to.deep.equal(['true: the server has no health service']);
  });

  it('closes its stream when the client is closed, so that the server can end', async () => {
    const only = await server('a');
    const made = client([only]);
    await call(made);
    made.close();
    await ended(only.server);
  });

  it('does not hold up a server that drains', async () => {
    const only = await server('a');
    const made = client([only]);
    await call(made);
    only.server.drain(only.address, 60_000);
    await ended(only.server);
  });

  it('lets the process exit once the client is closed', async () => {
    const only = await server('a');
    const program = spawn(process.execPath, ['--import', 'tsx', 'test/grpc/health/closed-client.ts', only.address], { stdio: ['ignore', 'pipe', 'inherit'] });
    undo.push(() => program.kill('SIGKILL'));
    let output = '';
    program.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
    expect(await once(program, 'exit')).to.deep.equal([0, null]);
    expect(output).to.equal('a\n');
  });
});

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.tryShutdown(() => {
      resolve();
    });
  });
}
