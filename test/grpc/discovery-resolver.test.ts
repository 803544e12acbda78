import { setImmediate as nextTurn } from 'node:timers/promises';

import { type experimental, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import { ManualClock } from '../../src/adapters/memory/manual-clock.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Discovery } from '../../src/core/ports.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { registerPolicies } from '../../src/grpc/balancer/register.js';
import { DiscoveryResolver } from '../../src/grpc/discovery-resolver.js';
import type { Endpoint } from '../../src/grpc/experimental.js';
import { RunningChannels } from '../../src/grpc/running-channels.js';
import { type DirectoryEntry, SchemeDirectory } from '../../src/grpc/scheme-directory.js';
import { ServicePlans } from '../../src/grpc/service-options.js';

const a = createInstance({ service: 'svc', address: '10.0.0.1:1' });
const b = createInstance({ service: 'svc', address: '10.0.0.2:1' });

function snapshot(instances: Snapshot['instances'], more: Partial<Snapshot> = {}): Snapshot {
  return { service: 'svc', revision: '7', status: 'live', since: 0, instances, added: [], removed: [], changed: [], skipped: [], ...more };
}

/** Doubles of the read port: the test holds the listener of the watch. */
function doubles() {
  const subscription = { [Symbol.dispose]: sinon.spy() };
  const subscribe = sinon.stub<[(snapshot: Snapshot) => void], Disposable>().returns(subscription);
  const watch = { service: 'svc', current: undefined, trouble: undefined as RollcallError | undefined, subscribe, close: sinon.spy() };
  const discovery = { watch: sinon.stub().returns(watch) };
  return {
    watch,
    subscription,
    discovery,
    push: (next: Snapshot) => subscribe.lastCall.args[0](next),
    entry: (clock: ManualClock): DirectoryEntry => ({
      discovery: discovery as unknown as Discovery,
      initialTimeoutMs: 5000,
      plans: new ServicePlans({}, undefined, 'the test'),
      channels: new RunningChannels(),
      clock,
      random: () => 0,
      logger: silentLogger,
    }),
  };
}

describe('the resolver of one channel', () => {
  let clock: ManualClock;
  let directory: SchemeDirectory;
  let double: ReturnType<typeof doubles>;
  let listener: sinon.SinonSpy<Parameters<experimental.ResolverListener>, boolean>;
  let resolver: DiscoveryResolver;

  before(registerPolicies);

  function make(options: Record<string, string> = {}, path = 'svc'): DiscoveryResolver {
    return new DiscoveryResolver(directory, { scheme: 'roll', authority: '', path }, listener, options);
  }

  /** What the channel was told last. */
  function told(): { addresses?: string[]; error?: string; note: string; policy: string | undefined } {
    const [endpoints, , config, note] = listener.lastCall.args;
    const policy = config?.ok === true ? Object.keys(config.value.loadBalancingConfig[0] ?? {})[0] : undefined;
    if (!endpoints.ok) {
      expect(endpoints.error.code).to.equal(status.UNAVAILABLE);
      return { error: endpoints.error.details, note, policy };
    }
    return { addresses: endpoints.value.map(({ addresses: [first] }: Endpoint) => JSON.stringify(first)), note, policy };
  }

  beforeEach(() => {
    clock = new ManualClock();
    directory = new SchemeDirectory('roll');
    double = doubles();
    directory.set('', double.entry(clock));
    listener = sinon.stub<Parameters<experimental.ResolverListener>, boolean>().returns(true);
    resolver = make();
  });

  afterEach(() => {
    resolver.destroy();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('asks nothing of the discovery before it is asked itself', () => {
    expect(double.discovery.watch.called).to.equal(false);
    resolver.updateResolution();
    expect(double.discovery.watch.args).to.deep.equal([['svc']]);
  });

  it('tells the endpoints with a port that is a number, a policy of ours and a note', async () => {
    resolver.updateResolution();
    double.push(snapshot([a, createInstance({ service: 'svc', address: 'unix:/run/x.sock' }), createInstance({ service: 'svc', address: '[::1]:2' })]));
    await nextTurn();
    expect(told()).to.deep.equal({
      addresses: ['{"host":"10.0.0.1","port":1}', '{"path":"/run/x.sock"}', '{"host":"::1","port":2}'],
      note: '3 instances of "svc" at revision 7',
      policy: 'rollcall_round_robin',
    });
  });

  it('never tells anything from within a call of grpc-js, even if the discovery answers at once', async () => {
    double.watch.subscribe.callsFake((onSnapshot) => {
      onSnapshot(snapshot([a]));
      return double.subscription;
    });
    resolver.updateResolution();
    expect(listener.called).to.equal(false);
    await nextTurn();
    expect(listener.callCount).to.equal(1);
  });

  it('takes later calls of updateResolution for hints: no second watch, no second answer', async () => {
    resolver.updateResolution();
    double.push(snapshot([a]));
    await nextTurn();
    for (let i = 0; i < 100; i++) resolver.updateResolution();
    await nextTurn();
    expect(listener.callCount).to.equal(1);
    expect(double.discovery.watch.callCount).to.equal(1);
  });

  it('tells the newest only of several snapshots in one turn', async () => {
    resolver.updateResolution();
    double.push(snapshot([a]));
    double.push(snapshot([a, b]));
    await nextTurn();
    expect(listener.callCount).to.equal(1);
    expect(told().addresses).to.have.length(2);
  });

  it('gives an unchanged instance the same endpoint, and every resolution the same attributes', async () => {
    resolver.updateResolution();
    double.push(snapshot([a]));
    await nextTurn();
    double.push(snapshot([a, b]));
    await nextTurn();
    const [first, second] = listener.args.map(([endpoints]) => (endpoints.ok ? endpoints.value : []));
    expect(second?.[0]).to.equal(first?.[0]);
    expect(listener.secondCall.args[1]).to.equal(listener.firstCall.args[1]);
  });

  it('reports an empty snapshot as unavailable, at once, with the revision', async () => {
    resolver.updateResolution();
    double.push(snapshot([]));
    await nextTurn();
    expect(told().error).to.equal('no instances of "svc" are registered (revision 7)');
  });

  it('keeps the instances of a stale snapshot and says in the note since when and why', async () => {
    resolver.updateResolution();
    const reason = new RollcallError('UNAVAILABLE', 'no etcd answers');
    double.push(snapshot([a], { status: 'stale', since: 0, reason }));
    await nextTurn();
    expect(told().addresses).to.have.length(1);
    expect(told().note).to.equal('1 instance of "svc" at revision 7; stale since 1970-01-01T00:00:00.000Z: UNAVAILABLE: no etcd answers');
  });

  it('leaves out an instance that cannot be dialled, and keeps the others', async () => {
    resolver.updateResolution();
    double.push(snapshot([{ ...a, id: 'bad', address: 'nonsense' }, b]));
    await nextTurn();
    expect(told().addresses).to.have.length(1);
    double.push(snapshot([{ ...a, id: 'bad', address: 'nonsense' }]));
    await nextTurn();
    expect(told().error).to.match(/none with an address that can be dialled/);
  });

  describe('when the discovery has not answered within the initial timeout', () => {
    it('reports why, once, and again when the reason changes', async () => {
      resolver.updateResolution();
      await clock.advance(4999);
      expect(listener.called).to.equal(false);
      await clock.advance(1);
      await nextTurn();
      expect(told().error).to.equal('nothing is known of "svc" after 5 s: the backend has not answered yet');
      resolver.updateResolution();
      await nextTurn();
      expect(listener.callCount).to.equal(1);
      double.watch.trouble = new RollcallError('UNAVAILABLE', 'connection refused');
      resolver.updateResolution();
      await nextTurn();
      expect(told().error).to.equal('nothing is known of "svc" after 5 s: UNAVAILABLE: connection refused');
      resolver.updateResolution();
      await nextTurn();
      expect(listener.callCount).to.equal(2);
    });

    it('tells the instances when they come after all', async () => {
      resolver.updateResolution();
      await clock.advance(5000);
      double.push(snapshot([a]));
      await nextTurn();
      expect(told().addresses).to.have.length(1);
    });
  });

  describe('after destroy', () => {
    it('has let go of the watch', () => {
      resolver.updateResolution();
      resolver.destroy();
      expect(double.subscription[Symbol.dispose].calledOnce).to.equal(true);
      expect(double.watch.close.calledOnce).to.equal(true);
    });

    it('tells nothing: neither what was under way nor what a late watch says', async () => {
      resolver.updateResolution();
      double.push(snapshot([a]));
      resolver.destroy();
      double.push(snapshot([b]));
      await nextTurn();
      await clock.advance(5000);
      await nextTurn();
      expect(listener.called).to.equal(false);
    });

    it('starts again at the next updateResolution, for grpc-js uses it again after an idle time', async () => {
      resolver.updateResolution();
      double.push(snapshot([a]));
      await nextTurn();
      resolver.destroy();
      resolver.updateResolution();
      expect(double.discovery.watch.callCount).to.equal(2);
      double.push(snapshot([b]));
      await nextTurn();
      expect(listener.callCount).to.equal(2);
    });
  });

  it('reports a service name that the discovery refuses', async () => {
    double.discovery.watch.throws(new RollcallError('INVALID_SERVICE', 'service name "a/b" is illegal'));
    resolver.updateResolution();
    await nextTurn();
    expect(told().error).to.equal('"svc" cannot be resolved: INVALID_SERVICE: service name "a/b" is illegal');
  });

  it('lets go of the watch that it cannot subscribe to', async () => {
    double.watch.subscribe.throws(new RollcallError('CLOSED', 'the discovery is closed'));
    resolver.updateResolution();
    await nextTurn();
    expect(told().error).to.match(/CLOSED: the discovery is closed/);
    expect(double.watch.close.calledOnce).to.equal(true);
  });

  it('reports a target that no discovery is registered for, and follows the one registered later', async () => {
    const entry = double.entry(clock);
    directory.delete('', directory.get('') as DirectoryEntry);
    resolver.updateResolution();
    await nextTurn();
    expect(told().error).to.match(/no discovery is registered for target "roll:\/\/\/svc"/);
    directory.set('', entry);
    double.push(snapshot([a]));
    await nextTurn();
    expect(told().addresses).to.have.length(1);
    directory.delete('', entry);
    await nextTurn();
    expect(told().error).to.match(/no discovery is registered/);
    expect(double.watch.close.calledOnce).to.equal(true);
  });

  it('reports an invalid policy of the channel instead of taking another in silence', async () => {
    resolver = make({ 'grpc.service_config': '{"loadBalancingConfig":[{"fancy":{}}]}' });
    resolver.updateResolution();
    await nextTurn();
    expect(told().error).to.match(/not known here: fancy/);
    expect(double.discovery.watch.called).to.equal(false);
  });

  it('hands the policy of the channel on, and takes ours while there is nobody to call', async () => {
    resolver = make({ 'grpc.service_config': '{"loadBalancingConfig":[{"pick_first":{}}]}' });
    resolver.updateResolution();
    double.push(snapshot([a]));
    await nextTurn();
    expect(told().policy).to.equal('pick_first');
    double.push(snapshot([]));
    await nextTurn();
    expect(told().policy).to.equal('rollcall_round_robin');
  });
});
