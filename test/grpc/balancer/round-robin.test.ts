import { connectivityState, Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { ManualClock } from '../../../src/adapters/memory/manual-clock.js';
import { createInstance, type InstanceInit, type ServiceInstance } from '../../../src/core/instance.js';
import { attributesWith } from '../../../src/grpc/balancer/context.js';
import { InstanceBalancer, settleMs } from '../../../src/grpc/balancer/instance-balancer.js';
import { RoundRobinConfig } from '../../../src/grpc/balancer/round-robin-config.js';
import { roundRobin } from '../../../src/grpc/balancer/round-robin.js';
import { endpointOf } from '../../../src/grpc/endpoint.js';
import { statusOrFromError, statusOrFromValue } from '../../../src/grpc/experimental.js';
import { FakeChannel } from '../support/fake-subchannels.js';

const { READY, IDLE, CONNECTING, TRANSIENT_FAILURE } = connectivityState;
const config = new RoundRobinConfig();

function instance(id: string, init: Partial<InstanceInit> = {}): ServiceInstance {
  return createInstance({ service: 'svc', id, address: `${id}:1`, ...init });
}

describe('the policy rollcall_round_robin', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let balancer: InstanceBalancer;
  let random = 0;
  const a = instance('a');
  const b = instance('b');
  const c = instance('c');

  function update(...instances: ServiceInstance[]): void {
    const options = attributesWith({ clock, random: () => random });
    expect(balancer.updateAddressList(statusOrFromValue(instances.map((each) => endpointOf(each))), config, options, 'the note')).to.equal(true);
  }

  function fail(details: string): void {
    const error = statusOrFromError<never>({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
    expect(balancer.updateAddressList(error, config, {}, details)).to.equal(true);
  }

  function ready(...ids: string[]): void {
    for (const id of ids) channel.subchannel(`${id}:1`).enter(READY);
  }

  beforeEach(() => {
    clock = new ManualClock();
    channel = new FakeChannel();
    balancer = new InstanceBalancer(roundRobin, channel.helper);
    random = 0;
  });

  afterEach(() => {
    balancer.destroy();
    expect(clock.pending, 'timers left').to.equal(0);
    for (const subchannel of channel.subchannels.values()) expect(subchannel.refs, `references to ${subchannel.address}`).to.equal(0);
  });

  it('alternates between two servers', () => {
    update(a, b);
    ready('a', 'b');
    expect(channel.picks(5)).to.deep.equal(['a:1', 'b:1', 'a:1', 'b:1', 'a:1']);
  });

  it('starts with an instance that chance decides', () => {
    random = 0.9;
    update(a, b, c);
    ready('a', 'b', 'c');
    expect(channel.picks(4)).to.deep.equal(['c:1', 'a:1', 'b:1', 'c:1']);
  });

  it('has the first calls wait until everybody is ready', () => {
    update(a, b);
    ready('b');
    expect(channel.state).to.equal('CONNECTING');
    expect(channel.pick()).to.equal('queued');
    ready('a');
    expect(channel.state).to.equal('READY');
    expect(channel.picks(3)).to.deep.equal(['a:1', 'b:1', 'a:1']);
  });

  it('has the first calls wait no longer once the rest has failed', () => {
    update(a, b);
    ready('a');
    channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'refused');
    expect(channel.picks(2)).to.deep.equal(['a:1', 'a:1']);
  });

  it('has the first calls wait 250 ms at most, and gives the latecomer the next call', async () => {
    update(a, b);
    ready('a');
    await clock.advance(settleMs - 1);
    expect(channel.pick()).to.equal('queued');
    await clock.advance(1);
    expect(channel.picks(3)).to.deep.equal(['a:1', 'a:1', 'a:1']);
    ready('b');
    expect(channel.picks(3)).to.deep.equal(['b:1', 'a:1', 'b:1']);
  });

  it('does not wait for a server that joins later', () => {
    update(a);
    ready('a');
    update(a, b);
    expect(channel.picks(2)).to.deep.equal(['a:1', 'a:1']);
    ready('b');
    expect(channel.picks(3)).to.deep.equal(['b:1', 'a:1', 'b:1']);
  });

  it('leaves the connections of unchanged instances alone', () => {
    update(a, b);
    ready('a', 'b');
    update(a, b, c);
    update(a, b);
    expect(channel.created, 'connections made').to.equal(3);
    expect(channel.picks(2)).to.deep.equal(['a:1', 'b:1']);
  });

  it('keeps the connection of an instance of which something else than the address changed', () => {
    update(a, b);
    ready('a', 'b');
    update(instance('a', { metadata: { build: '2' }, weight: 7 }), b);
    expect(channel.created).to.equal(2);
    expect(channel.picks(2)).to.deep.equal(['a:1', 'b:1']);
  });

  it('connects anew to an instance that moved, and calls its former address no more', () => {
    update(a, b);
    ready('a', 'b');
    update(instance('a', { address: 'elsewhere:1' }), b);
    expect(channel.subchannel('a:1').refs).to.equal(0);
    expect(channel.picks(2)).to.deep.equal(['b:1', 'b:1']);
    ready('elsewhere');
    expect(channel.picks(2)).to.deep.equal(['elsewhere:1', 'b:1']);
  });

  it('gives up the connection of an instance that is gone', () => {
    update(a, b);
    ready('a', 'b');
    update(b);
    expect(channel.subchannel('a:1').refs).to.equal(0);
    expect(channel.picks(2)).to.deep.equal(['b:1', 'b:1']);
  });

  it('drops everything at an error, and calls fail at once with its words', () => {
    update(a, b);
    ready('a', 'b');
    fail('no instances of "svc"');
    expect(channel.state).to.equal('TRANSIENT_FAILURE');
    expect(channel.pick()).to.equal('failed: no instances of "svc"');
    expect(channel.subchannel('a:1').refs + channel.subchannel('b:1').refs).to.equal(0);
  });

  it('drops everything at an empty list of another resolver, and calls fail at once with its note', () => {
    update(a);
    ready('a');
    update();
    expect(channel.pick()).to.match(/^failed: .*the note/);
    expect(channel.subchannel('a:1').refs).to.equal(0);
  });

  it('recovers when instances come back', () => {
    fail('nobody');
    update(a);
    expect(channel.pick()).to.equal('queued');
    ready('a');
    expect(channel.pick()).to.equal('a:1');
  });

  it('calls nobody of weight 0, and does not even connect', () => {
    update(a, instance('b', { weight: 0 }));
    ready('a');
    expect(channel.picks(2)).to.deep.equal(['a:1', 'a:1']);
    expect(channel.created).to.equal(1);
  });

  it('says so when everybody has weight 0', () => {
    update(instance('a', { weight: 0 }), instance('b', { weight: 0 }));
    expect(channel.pick()).to.match(/^failed: .*weight 0.*the note/);
  });

  it('takes a lost connection up again, and meanwhile calls the others', async () => {
    update(a, b);
    ready('a', 'b');
    channel.subchannel('a:1').enter(IDLE);
    expect(channel.picks(2)).to.deep.equal(['b:1', 'b:1']);
    await clock.advance();
    expect(channel.created, 'connections made').to.equal(3);
    ready('a');
    expect(channel.picks(2)).to.deep.equal(['a:1', 'b:1']);
  });

  it('has calls wait while the only server is being reached again, and fails them once it cannot be', async () => {
    update(a);
    ready('a');
    channel.subchannel('a:1').enter(IDLE);
    expect(channel.pick()).to.equal('queued');
    await clock.advance();
    channel.subchannel('a:1').enter(CONNECTING);
    channel.subchannel('a:1').enter(TRANSIENT_FAILURE, 'ECONNREFUSED');
    expect(channel.pick()).to.match(/^failed: the one instance cannot be reached: .*ECONNREFUSED.*\(the note\)$/);
  });

  it('fails calls only when nobody can be reached', () => {
    update(a, b);
    channel.subchannel('a:1').enter(TRANSIENT_FAILURE, 'refused');
    expect(channel.pick()).to.equal('queued');
    channel.subchannel('b:1').enter(TRANSIENT_FAILURE, 'refused too');
    expect(channel.pick()).to.match(/^failed: none of 2 instances can be reached: .*refused too/);
  });

  it('says nothing more once it is destroyed', async () => {
    update(a, b);
    ready('a');
    const said = channel.states.length;
    balancer.destroy();
    channel.subchannel('b:1').enter(READY);
    await clock.advance(settleMs);
    expect(channel.states.length).to.equal(said);
  });

  it('accepts endpoints that carry no instance, and takes two of the same address for one', () => {
    const plain = { addresses: [{ host: '10.0.0.1', port: 80 }] };
    balancer.updateAddressList(statusOrFromValue([plain, { ...plain }]), config, attributesWith({ clock, random: () => 0 }), '');
    expect(channel.created).to.equal(1);
    channel.subchannel('10.0.0.1:80').enter(READY);
    expect(channel.pick()).to.equal('10.0.0.1:80');
  });

  it('refuses the configuration of another policy', () => {
    const foreign = { getLoadBalancerName: () => 'other', toJsonObject: () => ({}) };
    expect(balancer.updateAddressList(statusOrFromValue([endpointOf(a)]), foreign, {}, '')).to.equal(false);
  });
});
