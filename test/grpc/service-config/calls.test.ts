import { type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import type { SimpleClient } from '../../../examples/simple.js';
import { parseConfigOptions } from '../../../src/grpc/service-config/option-config.js';
import { withServiceConfig } from '../../../src/grpc/service-config/publish.js';
import type { HedgingPolicyInit, MethodConfigInit, RetryPolicyInit, ServiceConfigInit } from '../../../src/grpc/service-config/service-config-init.js';
import { call, failure, simpleClient } from '../support/simple-service.js';
import { type Act, FlakyServer } from './flaky-server.js';
import { layers, registerLayers } from './layered-resolver.js';

const retryPolicy: RetryPolicyInit = {
  maxAttempts: 4,
  initialBackoff: '0.01s',
  maxBackoff: '0.02s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

function all(entry: Omit<MethodConfigInit, 'name'>): ServiceConfigInit {
  return { methodConfig: [{ name: [{}], ...entry }] };
}

describe('calls under a service config, on real servers', () => {
  const undo: (() => unknown)[] = [];

  async function server(act: (attempt: number) => Act, name = 'a'): Promise<FlakyServer> {
    const started = await FlakyServer.start(name, act);
    undo.push(() => started[Symbol.dispose]());
    return started;
  }

  interface Given {
    readonly own?: ServiceConfigInit;
    readonly options?: ServiceConfigInit;
    readonly published?: ServiceConfigInit;
    readonly channel?: Record<string, unknown>;
  }

  function client(servers: readonly FlakyServer[], { own, options, published, channel = {} }: Given): SimpleClient {
    const metadata = published === undefined ? {} : withServiceConfig({}, published);
    layers.instances = servers.map(({ address }, index) => ({ id: `i${index}`, address, metadata }));
    layers.options = parseConfigOptions({ serviceConfig: options }, 'the test');
    const made = simpleClient('layers:///svc', { ...(own === undefined ? {} : { 'grpc.service_config': JSON.stringify(own) }), ...channel });
    undo.push(() => made.close());
    return made;
  }

  before(registerLayers);

  afterEach(() => {
    for (const step of undo.splice(0).reverse()) step();
  });

  describe('a retry policy', () => {
    for (const [where, given] of [
      ['in the channel', (config: ServiceConfigInit): Given => ({ own: config })],
      ['in the options', (config: ServiceConfigInit): Given => ({ options: config })],
      ['in the registry', (config: ServiceConfigInit): Given => ({ published: config })],
    ] as const) {
      it(`${where} carries a call over two failures`, async () => {
        const flaky = await server((attempt) => (attempt < 3 ? status.UNAVAILABLE : 'answer'));
        expect(await call(client([flaky], given(all({ retryPolicy }))))).to.equal('a');
        expect(flaky.attempts.map(({ previous }) => previous)).to.deep.equal([undefined, '1', '2']);
      });
    }

    it('ends after so many attempts, with the failure of the last', async () => {
      const flaky = await server(() => status.UNAVAILABLE);
      const { code, details } = await failure(client([flaky], { options: all({ retryPolicy: { ...retryPolicy, maxAttempts: 3 } }) }));
      expect([code, details]).to.deep.equal([status.UNAVAILABLE, 'attempt 3']);
      expect(flaky.attempts).to.have.length(3);
    });

    it('leaves other failures alone', async () => {
      const flaky = await server(() => status.INTERNAL);
      expect((await failure(client([flaky], { options: all({ retryPolicy }) }))).code).to.equal(status.INTERNAL);
      expect(flaky.attempts).to.have.length(1);
    });

    it('is throttled while most calls fail', async () => {
      const flaky = await server(() => status.UNAVAILABLE);
      const shared = client([flaky], { options: { ...all({ retryPolicy }), retryThrottling: { maxTokens: 4, tokenRatio: 0.1 } } });
      await failure(shared);
      // Four tokens: the second failure leaves two, which is half, and nothing is tried again.
      expect(flaky.attempts).to.have.length(2);
      await failure(shared);
      expect(flaky.attempts).to.have.length(3);
    });

    it('is capped at five attempts by grpc-js, or as the channel says', async () => {
      const flaky = await server(() => status.UNAVAILABLE);
      const own = all({ retryPolicy: { ...retryPolicy, maxAttempts: 8 } });
      await failure(client([flaky], { own }));
      expect(flaky.attempts.splice(0)).to.have.length(5);
      await failure(client([flaky], { own, channel: { 'grpc-node.retry_max_attempts_limit': 8 } }));
      expect(flaky.attempts).to.have.length(8);
    });
  });

  describe('a hedging policy', () => {
    const hedgingPolicy: HedgingPolicyInit = { maxAttempts: 3, hedgingDelay: '0.05s', nonFatalStatusCodes: ['UNAVAILABLE'] };

    it('asks another server after the delay, and takes the first answer', async () => {
      const servers = [await server(() => 'hang', 'a'), await server(() => 'answer', 'b')];
      const begun = performance.now();
      expect(await call(client(servers, { options: all({ hedgingPolicy: { ...hedgingPolicy, hedgingDelay: '0.4s' } }) }))).to.equal('b');
      expect(performance.now() - begun).to.be.greaterThan(390);
      expect(servers.map(({ attempts }) => attempts.length)).to.deep.equal([1, 1]);
      expect(servers[1]!.attempts[0]!.at - servers[0]!.attempts[0]!.at).to.be.within(200, 2000);
    });

    it('asks the next at once after a failure that is not fatal, and ends with one that is', async () => {
      const slow = { ...hedgingPolicy, hedgingDelay: '20s' };
      const servers = [await server(() => status.UNAVAILABLE, 'a'), await server(() => 'answer', 'b')];
      expect(await call(client(servers, { options: all({ hedgingPolicy: slow }) }))).to.equal('b');
      const fatal = [await server(() => status.INTERNAL, 'a'), await server(() => 'answer', 'b')];
      expect((await failure(client(fatal, { options: all({ hedgingPolicy: slow }) }))).code).to.equal(status.INTERNAL);
      expect(fatal[1]!.attempts).to.have.length(0);
    });

    it('is not throttled: grpc-js 1.14 counts the failures and hedges all the same', async () => {
      const flaky = await server(() => status.UNAVAILABLE);
      const shared = client([flaky], { options: { ...all({ hedgingPolicy }), retryThrottling: { maxTokens: 1, tokenRatio: 0.1 } } });
      await failure(shared);
      await failure(shared);
      expect(flaky.attempts).to.have.length(6);
    });

    it('makes no more attempts than it may', async () => {
      const servers = [await server(() => 'hang', 'a'), await server(() => 'hang', 'b')];
      const { code } = await failure(client(servers, { options: all({ hedgingPolicy, timeout: '0.6s' }) }), {});
      expect(code).to.equal(status.DEADLINE_EXCEEDED);
      expect(servers.map(({ attempts }) => attempts.length).sort()).to.deep.equal([1, 2]);
    });
  });

  describe('a timeout', () => {
    for (const [where, given] of [
      ['in the channel', (config: ServiceConfigInit): Given => ({ own: config })],
      ['in the options', (config: ServiceConfigInit): Given => ({ options: config })],
      ['in the registry', (config: ServiceConfigInit): Given => ({ published: config })],
    ] as const) {
      it(`of "0.25s" ${where} is 250 ms`, async () => {
        const silent = await server(() => 'hang');
        const shared = client([silent], given(all({ timeout: '0.25s' })));
        const begun = performance.now();
        const { code } = await failure(shared, {});
        expect(code).to.equal(status.DEADLINE_EXCEEDED);
        expect(performance.now() - begun).to.be.within(240, 1500);
        expect(silent.attempts, 'the call was sent').to.have.length(1);
      });
    }
  });

  it('merges all three: the method from the registry, the service from the options, the rest from the channel', async () => {
    const flaky = await server((attempt) => (attempt % 2 === 1 ? status.UNAVAILABLE : 'answer'));
    const shared = client([flaky], {
      own: { methodConfig: [{ name: [{}], timeout: '0.001s' }] },
      options: { methodConfig: [{ name: [{ service: 'Simple' }], timeout: '0.001s' }] },
      published: { methodConfig: [{ name: [{ service: 'Simple', method: 'Route' }], retryPolicy }] },
    });
    expect(await call(shared)).to.equal('a');
    expect(flaky.attempts).to.have.length(2);
    const overruled = client([flaky], { own: all({ timeout: '5s' }), published: all({ retryPolicy }) });
    expect((await failure(overruled)).code, 'no retry: the whole entry of the channel').to.equal(status.UNAVAILABLE);
  });

  describe('under load, with one of two servers going away', function () {
    this.timeout(20_000);

    /** Statuses of the calls that failed, of 20 loops of 40 calls each. */
    async function failuresOf(config: ServiceConfigInit, leave: (server: FlakyServer) => void): Promise<status[]> {
      const staying = await server(() => 'answer', 'a');
      const leaving = await server((attempt) => (attempt > 20 ? 'hang' : 'answer'), 'b');
      const shared = client([staying, leaving], { options: config });
      const failed: status[] = [];
      let left = false;
      const loop = async (): Promise<void> => {
        for (let i = 0; i < 40; i++) {
          await call(shared).catch((error: unknown) => failed.push((error as ServiceError).code));
          if (left || leaving.attempts.length <= 30) continue;
          left = true;
          leave(leaving);
        }
      };
      await Promise.all(Array.from({ length: 20 }, loop));
      expect(left, 'it left while calls were under way there').to.equal(true);
      return failed;
    }

    const crash = (leaving: FlakyServer): void => leaving.crash();
    const force = (leaving: FlakyServer): void => leaving.forceShutdown();

    it('loses the calls under way there, as UNAVAILABLE, when it crashes', async () => {
      const failed = await failuresOf({}, crash);
      expect(failed.length).to.be.within(1, 20);
      expect(new Set(failed)).to.deep.equal(new Set([status.UNAVAILABLE]));
    });

    it('loses none when it crashes and UNAVAILABLE is tried again', async () => {
      expect(await failuresOf(all({ retryPolicy }), crash)).to.deep.equal([]);
    });

    it('loses a call that was being answered already, whatever the policy: it would have to be begun twice', async () => {
      const begun = await server(() => 'begin');
      const shared = client([begun], { options: all({ retryPolicy }) });
      const lost = new Promise<status | undefined>((resolve) => {
        // The first headers are the sign that the client is committed.
        shared.route({ data: 'x' }, {}, (error) => resolve(error?.code)).once('metadata', () => begun.crash());
      });
      expect(await lost).to.equal(status.UNAVAILABLE);
      expect(begun.attempts).to.have.length(1);
    });

    it('loses those under way as CANCELLED when it is shut down by force, and none if that is tried again as well', async () => {
      const failed = await failuresOf(all({ retryPolicy }), force);
      expect(new Set(failed)).to.deep.equal(new Set([status.CANCELLED]));
      const both = { ...retryPolicy, retryableStatusCodes: ['UNAVAILABLE', 'CANCELLED'] };
      expect(await failuresOf(all({ retryPolicy: both }), force)).to.deep.equal([]);
    });
  });
});
