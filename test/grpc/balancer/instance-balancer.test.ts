import { connectivityState, Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import { ManualClock } from '../../../src/adapters/memory/manual-clock.js';
import { createInstance, type InstanceInit } from '../../../src/core/instance.js';
import { ConnectionBoard } from '../../../src/grpc/balancer/connection-board.js';
import { attributesWith, type BalancerContext } from '../../../src/grpc/balancer/context.js';
import type { HealthCheck } from '../../../src/grpc/balancer/health-check.js';
import { InstanceBalancer } from '../../../src/grpc/balancer/instance-balancer.js';
import { leastRequest } from '../../../src/grpc/balancer/least-request.js';
import { LeastRequestConfig } from '../../../src/grpc/balancer/least-request-config.js';
import { policies } from '../../../src/grpc/balancer/policies.js';
import { RingHashConfig } from '../../../src/grpc/balancer/ring-hash-config.js';
import { roundRobin } from '../../../src/grpc/balancer/round-robin.js';
import { RoundRobinConfig } from '../../../src/grpc/balancer/round-robin-config.js';
import { weightedRoundRobin } from '../../../src/grpc/balancer/weighted-round-robin.js';
import { WeightedRoundRobinConfig } from '../../../src/grpc/balancer/weighted-round-robin-config.js';
import { endpointOf, type EndpointOptions, type InstanceEndpoint } from '../../../src/grpc/endpoint.js';
import { createChildChannelControlHelper, type Endpoint, type SubchannelInterface, statusOrFromError, statusOrFromValue, type TypedLoadBalancingConfig } from '../../../src/grpc/experimental.js';
import { FakeChannel } from '../support/fake-subchannels.js';

const { READY, IDLE, CONNECTING, TRANSIENT_FAILURE } = connectivityState;

function endpoint(id: string, init: Partial<InstanceInit> = {}, options: EndpointOptions = {}): InstanceEndpoint {
  return endpointOf(createInstance({ service: 'svc', id, address: `${id}:1`, ...init }), options);
}

function configOf(name: string): TypedLoadBalancingConfig {
  const configs = [new RoundRobinConfig(), new WeightedRoundRobinConfig(), new LeastRequestConfig(), new RingHashConfig('user-id')];
  return configs.find((config) => config.getLoadBalancerName() === name)!;
}

describe('the balancer of instances', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let balancer: InstanceBalancer;
  let board: ConnectionBoard;
  let config: TypedLoadBalancingConfig;
  let options: Record<string, unknown>;

  function start(policy: (typeof policies)[number] = roundRobin, context: Partial<BalancerContext> = {}, health?: HealthCheck): void {
    channel = new FakeChannel();
    balancer = new InstanceBalancer(policy, channel.helper, health);
    config = configOf(policy.name);
    options = attributesWith({ clock, random: () => 0, board, ...context });
  }

  function update(...endpoints: Endpoint[]): void {
    expect(balancer.updateAddressList(statusOrFromValue(endpoints), config, options, 'the note')).to.equal(true);
  }

  function ready(...names: string[]): void {
    for (const name of names) channel.subchannel(`${name}:1`).enter(READY);
  }

  beforeEach(() => {
    clock = new ManualClock();
    board = new ConnectionBoard();
    start();
  });

  afterEach(() => {
    balancer.destroy();
    expect(clock.pending, 'timers left').to.equal(0);
    for (const subchannel of channel.subchannels.values()) expect(subchannel.refs, `references to ${subchannel.address}`).to.equal(0);
  });

  for (const policy of policies) {
    describe(`with ${policy.name}`, () => {
      beforeEach(() => start(policy));

      it('calls everybody that is ready, and nobody else', () => {
        update(endpoint('a'), endpoint('b'), endpoint('c'), endpoint('d', { weight: 0 }));
        ready('a', 'b');
        channel.subchannel('c:1').enter(TRANSIENT_FAILURE, 'refused');
        const metadata = Array.from({ length: 100 }, (_, i) => {
          const made = new Metadata();
          made.set('user-id', String(i));
          return made;
        });
        expect([...new Set(metadata.map((each) => channel.pick(each)))].sort()).to.deep.equal(['a:1', 'b:1']);
      });

      it('follows another weight, and share, without another connection', () => {
        update(endpoint('a'), endpoint('b'));
        ready('a', 'b');
        update(endpoint('a', { weight: 7 }), endpoint('b', {}, { share: 0.5 }));
        update(endpoint('a', { weight: 9 }), endpoint('b'));
        expect(channel.created).to.equal(2);
      });

      it('stops calling one whose weight becomes 0, and starts again', () => {
        update(endpoint('a'), endpoint('b'));
        ready('a', 'b');
        update(endpoint('a', { weight: 0 }), endpoint('b'));
        expect(new Set(channel.picks(20))).to.deep.equal(new Set(['b:1']));
        expect(channel.subchannel('a:1').refs).to.equal(0);
        update(endpoint('a'), endpoint('b'));
        ready('a');
        update(endpoint('a'));
        expect(channel.pick()).to.equal('a:1');
      });

      it('shrinks to nobody and fails calls with the note', () => {
        update(endpoint('a'));
        ready('a');
        update();
        expect(channel.pick()).to.equal('failed: there is no instance to call (the note)');
        expect(channel.subchannel('a:1').refs).to.equal(0);
      });
    });
  }

  it('gives calls in proportion to weights and shares', () => {
    start(weightedRoundRobin);
    update(endpoint('a', { weight: 300 }), endpoint('b', { weight: 100 }), endpoint('c', { weight: 200 }, { share: 0.5 }));
    ready('a', 'b', 'c');
    const count = (address: string): number => channel.picks(50).filter((picked) => picked === address).length;
    expect([count('a:1'), count('b:1'), count('c:1')]).to.deep.equal([30, 10, 10]);
    update(endpoint('a', { weight: 100 }), endpoint('b', { weight: 100 }), endpoint('c', { weight: 300 }));
    expect(count('c:1')).to.be.within(29, 31);
    expect(channel.created).to.equal(3);
  });

  it('gives half of the turns to a share of one half under round_robin, whatever the weight', () => {
    update(endpoint('a', { weight: 1000 }), endpoint('b', {}, { share: 0.5 }));
    ready('a', 'b');
    expect(channel.picks(300).filter((picked) => picked === 'b:1')).to.have.length(100);
  });

  it('tells the channel once that it is ready, not once for each of 1,000 instances', async () => {
    update(...Array.from({ length: 1000 }, (_, i) => endpoint(`h${i}`)));
    for (const subchannel of channel.subchannels.values()) subchannel.enter(READY);
    expect(channel.states).to.deep.equal(['CONNECTING', 'CONNECTING', 'READY']);
    for (let i = 1; i < 1000; i++) channel.subchannel(`h${i}:1`).enter(IDLE);
    await clock.advance(0);
    expect(channel.states).to.have.length(3);
    expect(new Set(channel.picks(3))).to.deep.equal(new Set(['h0:1']));
  });

  it('tells the channel no more than once again after an update', async () => {
    update(endpoint('a'));
    ready('a');
    const told = channel.states.length;
    update(endpoint('a'), endpoint('b'));
    await new Promise(process.nextTick);
    expect(channel.states.slice(told)).to.deep.equal(['READY']);
  });

  it('fails with the newest reason, and says nothing twice', () => {
    update(endpoint('a'), endpoint('b'));
    channel.subchannel('a:1').enter(TRANSIENT_FAILURE, 'first');
    channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'second');
    const told = channel.states.length;
    channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'second');
    expect(channel.states).to.have.length(told);
    channel.subchannel('a:1').enter(TRANSIENT_FAILURE, 'third');
    expect(channel.pick()).to.match(/^failed: none of 2 instances can be reached: .*third.* \(the note\)$/);
    update();
    update();
    expect(channel.states.slice(told)).to.deep.equal(['TRANSIENT_FAILURE', 'TRANSIENT_FAILURE']);
  });

  it('says once that it is connecting', () => {
    update(endpoint('a'), endpoint('b'), endpoint('c'));
    channel.subchannel('a:1').enter(TRANSIENT_FAILURE, 'refused');
    channel.subchannel('b:1').enter(CONNECTING);
    channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'refused');
    expect(channel.states).to.deep.equal(['CONNECTING']);
  });

  it('starts another strategy when its configuration is another one, without another connection', () => {
    start(leastRequest);
    update(endpoint('a'), endpoint('b'));
    ready('a', 'b');
    const before = channel.picker;
    config = new LeastRequestConfig();
    update(endpoint('a'), endpoint('b'));
    expect(channel.picker, 'the same in another object').to.equal(before);
    config = new LeastRequestConfig(3);
    update(endpoint('a'), endpoint('b'));
    expect(channel.picker).not.to.equal(before);
    expect(channel.created).to.equal(2);
    expect(new Set(channel.picks(20)).size).to.equal(2);
  });

  describe('with several addresses of one instance', () => {
    const of = (...hosts: string[]): InstanceEndpoint => ({ ...endpoint('a'), addresses: hosts.map((host) => ({ host, port: 1 })) });

    it('keeps the connection while they are the same', () => {
      update(of('x', 'y'));
      channel.subchannel('x:1').enter(CONNECTING);
      ready('x');
      update(of('x', 'y'));
      expect(channel.created).to.equal(2);
      expect(channel.pick()).to.equal('x:1');
    });

    for (const hosts of [['x'], ['x', 'z'], ['x', 'y', 'z']]) {
      it(`connects anew when they become ${hosts.join()}`, () => {
        update(of('x', 'y'));
        ready('x');
        update(of(...hosts));
        expect(channel.created).to.equal(2 + hosts.length);
      });
    }
  });

  it('takes one of two instances with one id', () => {
    update(endpoint('a'), endpoint('a', { address: 'b:1' }));
    expect(channel.created).to.equal(1);
    ready('a');
    expect(channel.pick()).to.equal('a:1');
  });

  it('asks for the certificate of the server name, and connects anew under another', () => {
    update(endpoint('a', {}, { serverName: 'a.example' }), endpoint('b'));
    expect(channel.createdWith.map((args) => args['grpc.ssl_target_name_override'])).to.deep.equal(['a.example', undefined]);
    ready('a', 'b');
    update(endpoint('a', {}, { serverName: 'a.example' }), endpoint('b'));
    expect(channel.created).to.equal(2);
    update(endpoint('a', {}, { serverName: 'other.example' }), endpoint('b'));
    expect(channel.createdWith.at(-1)).to.include({ 'grpc.ssl_target_name_override': 'other.example' });
    expect(channel.created).to.equal(3);
  });

  describe('on the board', () => {
    it('shows how each instance stands', async () => {
      update(endpoint('a'), endpoint('b'), endpoint('c'));
      ready('a');
      channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'refused');
      expect(['a', 'b', 'c'].map((id) => board.stateOf(id))).to.deep.equal(['ready', 'failing', 'connecting']);
      expect(board.connection('b')?.detail).to.match(/refused/);
      channel.subchannel('a:1').enter(IDLE);
      expect(board.stateOf('a')).to.equal('connecting');
      await clock.advance(0);
      update(endpoint('c'));
      expect(['a', 'b', 'c'].map((id) => board.stateOf(id))).to.deep.equal([undefined, undefined, 'connecting']);
    });

    it('shows an instance without an instance by its address, and forgets all in the end', () => {
      update({ addresses: [{ host: 'a', port: 1 }] });
      expect(board.stateOf('a:1')).to.equal('connecting');
      balancer.destroy();
      expect(board.stateOf('a:1')).to.equal(undefined);
    });

    it('shows the same on the board of a resolver that starts anew', () => {
      update(endpoint('a'));
      ready('a');
      const other = new ConnectionBoard();
      options = attributesWith({ clock, random: () => 0, board: other });
      update(endpoint('a'));
      expect([board.stateOf('a'), other.stateOf('a')]).to.deep.equal([undefined, 'ready']);
      expect(channel.created).to.equal(1);
    });

    it('shows an instance that outlier detection has ejected as unhealthy', () => {
      update(endpoint('a'), endpoint('b'));
      ready('a', 'b');
      channel.subchannel('a:1').setHealthy(false);
      expect([board.stateOf('a'), board.connection('a')?.detail]).to.deep.equal(['unhealthy', 'outlier detection ejected it for a while (Picked subchannel a:1 is unhealthy)']);
      expect(new Set(channel.picks(4))).to.deep.equal(new Set(['b:1']));
      channel.subchannel('a:1').setHealthy(true);
      expect(board.stateOf('a')).to.equal('ready');
      expect(new Set(channel.picks(4)).size).to.equal(2);
    });
  });

  describe('with health checks', () => {
    let tell: Map<string, (healthy: boolean, detail: string) => void>;
    let services: string[];

    /** Wraps nothing; what the check says comes from the test. */
    const health: HealthCheck = {
      wrap: (helper, { service }, { changed }) =>
        createChildChannelControlHelper(helper, {
          createSubchannel: (address, args) => {
            services.push(service);
            const subchannel = helper.createSubchannel(address, args);
            const name = subchannel.getAddress();
            tell.set(name, (healthy, detail) => {
              changed(name, healthy, detail);
              channel.subchannel(name).setHealthy(healthy);
            });
            return { ...subchannel, wrapped: subchannel } as SubchannelInterface;
          },
        }),
      unwrap: (result) => ({ ...result, subchannel: (result.subchannel as unknown as { readonly wrapped: SubchannelInterface }).wrapped }),
    };

    beforeEach(() => {
      tell = new Map();
      services = [];
      start(roundRobin, { health: { service: 'orders' } }, health);
    });

    it('checks each connection under the service name, and hands the policies above their own subchannel', () => {
      update(endpoint('a'), endpoint('b'));
      ready('a', 'b');
      expect(services).to.deep.equal(['orders', 'orders']);
      expect(channel.pickResult()!.subchannel).not.to.have.property('wrapped');
    });

    it('calls no unhealthy instance, and shows why', () => {
      update(endpoint('a'), endpoint('b'));
      ready('a', 'b');
      tell.get('a:1')!(false, 'a:1 is unhealthy: NOT_SERVING');
      expect(new Set(channel.picks(4))).to.deep.equal(new Set(['b:1']));
      expect(board.connection('a')).to.include({ state: 'unhealthy', detail: 'a:1 is unhealthy: NOT_SERVING' });
      tell.get('a:1')!(true, '');
      expect(new Set(channel.picks(4)).size).to.equal(2);
    });

    it('fails calls when everybody is unhealthy, with the newest reason', () => {
      update(endpoint('a'), endpoint('b'), endpoint('c'));
      ready('a', 'b', 'c');
      for (const id of ['a', 'b', 'c']) tell.get(`${id}:1`)!(false, `${id}:1 is unhealthy: NOT_SERVING`);
      expect(channel.pick()).to.equal('failed: none of 3 instances can be called: all are unhealthy: c:1 is unhealthy: NOT_SERVING (the note)');
      tell.get('a:1')!(false, 'a:1 is unhealthy: the stream broke');
      expect(channel.pick()).to.match(/the stream broke/);
    });

    it('fails calls with both reasons when some are unhealthy and some cannot be reached', () => {
      update(endpoint('a'), endpoint('b'));
      ready('a');
      channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'refused');
      tell.get('a:1')!(false, 'a:1 is unhealthy: NOT_SERVING');
      expect(channel.pick()).to.match(/^failed: none of 2 instances can be called: 1 unhealthy: a:1 is unhealthy: NOT_SERVING; 1 cannot be reached: .*refused.* \(the note\)$/);
    });

    it('fails calls when the one instance is unhealthy', () => {
      update(endpoint('a'));
      ready('a');
      tell.get('a:1')!(false, 'a:1 is unhealthy: NOT_SERVING');
      expect(channel.pick()).to.equal('failed: the one instance cannot be called: a:1 is unhealthy: NOT_SERVING (the note)');
    });

    it('connects anew when checks begin, end or ask for another service', () => {
      update(endpoint('a'));
      ready('a');
      for (const each of [{ health: { service: 'other' } }, {}]) {
        options = attributesWith({ clock, random: () => 0, board, ...each });
        update(endpoint('a'));
      }
      expect(channel.created).to.equal(3);
      expect(services).to.deep.equal(['orders', 'other']);
      expect(channel.pick()).to.equal('queued');
    });
  });

  it('says nothing of a connection that was given up, also when its timer fires', () => {
    // pick_first waits so long before it tries a next address, and forgets to stop when it is destroyed.
    const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const error = statusOrFromError<never>({ code: status.UNAVAILABLE, details: 'gone', metadata: new Metadata() });
      update(endpoint('a'));
      balancer.updateAddressList(error, config, options, '');
      const told = channel.states.length;
      expect(timers.countTimers(), 'timers of pick_first').to.equal(1);
      timers.runAll();
      expect(channel.states).to.have.length(told);
      expect(channel.reresolutions).to.equal(0);
      expect(board.stateOf('a')).to.equal(undefined);
    } finally {
      timers.restore();
    }
  });
});
