import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import type { SimpleClient } from '../../../examples/simple.js';
import { connectMemory } from '../../../src/adapters/memory/connect.js';
import { registerResolver, type RegisterResolverOptions } from '../../../src/grpc/register-resolver.js';
import { withServiceConfig } from '../../../src/grpc/service-config/publish.js';
import type { ServiceConfigInit } from '../../../src/grpc/service-config/service-config-init.js';
import { poll } from '../../support/poll.js';
import { call, failure, simpleClient } from '../support/simple-service.js';
import { type Act, FlakyServer } from './flaky-server.js';

const retryPolicy = { maxAttempts: 3, initialBackoff: '0.01s', maxBackoff: '0.02s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] };
const retrying: ServiceConfigInit = { methodConfig: [{ name: [{ service: 'Simple' }], retryPolicy }] };
const plain: ServiceConfigInit = { methodConfig: [] };

describe('a service config in the registry, with a plain client of a registered scheme', () => {
  const undo: (() => unknown)[] = [];
  const logger = { debug: sinon.spy(), info: sinon.spy(), warn: sinon.spy(), error: sinon.spy() };

  async function server(act: (attempt: number) => Act): Promise<FlakyServer> {
    const started = await FlakyServer.start('a', act);
    undo.push(() => started[Symbol.dispose]());
    return started;
  }

  function backend(): ReturnType<typeof connectMemory> {
    const connected = connectMemory();
    undo.push(() => connected.close());
    return connected;
  }

  function client({ discovery }: ReturnType<typeof connectMemory>, options: Partial<RegisterResolverOptions> = {}): SimpleClient {
    const resolver = registerResolver({ scheme: 'published', discovery, logger, ...options });
    undo.push(() => resolver.close());
    const made = simpleClient(resolver.target('svc'), resolver.channelOptions());
    undo.push(() => made.close());
    return made;
  }

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    logger.warn.resetHistory();
  });

  it('is followed, and so is the next one, without reconnecting', async () => {
    const flaky = await server(() => status.UNAVAILABLE);
    const connected = backend();
    const registration = await connected.registry.register({ service: 'svc', address: flaky.address, metadata: withServiceConfig({}, retrying) });
    const shared = client(connected);
    await failure(shared);
    expect(flaky.attempts.splice(0)).to.have.length(3);
    await registration.update({ metadata: withServiceConfig({}, plain) });
    await poll('no more retries', async () => {
      flaky.attempts.length = 0;
      await failure(shared);
      return flaky.attempts.length === 1;
    });
    expect(flaky.connections, 'connections').to.equal(1);
  });

  it('is passed over where it is invalid, with a warning, and the older one used', async () => {
    const flaky = await server((attempt) => (attempt === 1 ? status.UNAVAILABLE : 'answer'));
    const connected = backend();
    await connected.registry.register({ service: 'svc', id: 'b', address: flaky.address, metadata: withServiceConfig({}, retrying) });
    await connected.registry.register({ service: 'svc', id: 'a', address: flaky.address, metadata: { 'grpc.service_config': '{"methodConfig":3}' } });
    expect(await call(client(connected))).to.equal('a');
    expect(flaky.attempts).to.have.length(2);
    expect(logger.warn.args.map(([, message]) => String(message))).to.include(
      'the service config published by "a" is passed over: methodConfig is 3, not a list; that of "b" is used instead',
    );
  });

  it('gives way to the options for the same name', async () => {
    const flaky = await server(() => status.UNAVAILABLE);
    const connected = backend();
    await connected.registry.register({ service: 'svc', address: flaky.address, metadata: withServiceConfig({}, retrying) });
    await failure(client(connected, { serviceConfig: { methodConfig: [{ name: [{ service: 'Simple' }], timeout: '5s' }] } }));
    expect(flaky.attempts).to.have.length(1);
  });

  it('is refused by registerResolver where the options are wrong', () => {
    const connected = backend();
    expect(() => client(connected, { serviceConfig: { methodConfig: [{ name: [{}], timeout: '5' }] } })).to.throw(/methodConfig\[0\]\.timeout "5" is not a duration/);
  });
});
