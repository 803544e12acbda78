import { expect } from 'chai';

import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import { registerPolicies } from '../../src/grpc/balancer/register.js';
import { registerResolver, type RegisterResolverOptions } from '../../src/grpc/register-resolver.js';
import { ServicePlans } from '../../src/grpc/service-options.js';
import { fakeDiscovery } from './support/fake-discovery.js';

const plans = (general: Record<string, unknown>, services?: unknown): ServicePlans => new ServicePlans(general, services, 'registerResolver');

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(RollcallError);
    return `${(error as RollcallError).code}: ${(error as RollcallError).message}`;
  }
  throw new Error('it was accepted');
}

describe('the options of services', () => {
  before(registerPolicies);

  it('hold for every service, and one of a service’s own goes before the general one', () => {
    const all = plans({ subset: 5, staleBudget: 60, maxLoss: undefined }, { orders: { subset: { size: 2, key: 'me' }, staleBudget: undefined } });
    expect(all.of('billing').selection.subset).to.deep.equal({ size: 5, key: undefined });
    expect(all.of('orders').selection.subset).to.deep.equal({ size: 2, key: 'me' });
    expect([all.of('orders').guards.staleBudget, all.of('orders').guards.maxLoss]).to.deep.equal([60, 1]);
  });

  it('do not mistake a property of every object for a service', () => {
    expect(plans({ subset: 5 }, {}).of('constructor').selection.subset?.size).to.equal(5);
  });

  it('let a service config of a service’s own name another policy than the general one', () => {
    const { config } = plans({ policy: 'least_request' }, { orders: { serviceConfig: { loadBalancingConfig: [{ rollcall_round_robin: {} }] } } }).of('orders');
    expect(Object.keys(config!.loadBalancingConfig!)).to.deep.equal(['rollcall_round_robin']);
  });

  it('keep the general policy where a service’s own config names none', () => {
    const { config } = plans({ policy: 'least_request' }, { orders: { serviceConfig: { methodConfig: [{ name: [{}], timeout: '1s' }] } } }).of('orders');
    expect(Object.keys(config!.loadBalancingConfig!)).to.deep.equal(['rollcall_least_request']);
    expect(config!.methodConfig).to.have.length(1);
  });

  it('let a policy of a service’s own stand before one that the general service config names, in either form', () => {
    for (const serviceConfig of [{ loadBalancingConfig: [{ pick_first: {} }] }, '{"loadBalancingPolicy":"pick_first"}']) {
      const { config } = plans({ serviceConfig }, { orders: { policy: 'least_request' } }).of('orders');
      expect(Object.keys(config!.loadBalancingConfig!)).to.deep.equal(['rollcall_least_request']);
    }
    const old = plans({ policy: 'least_request' }, { orders: { serviceConfig: { loadBalancingPolicy: 'pick_first' } }, other: undefined });
    expect(Object.keys(old.of('orders').config!.loadBalancingConfig!)).to.deep.equal(['pick_first']);
    expect(Object.keys(old.of('other').config!.loadBalancingConfig!)).to.deep.equal(['rollcall_least_request']);
  });

  it('turn health checking on for the server or a name, and off against what the service publishes', () => {
    const health = (healthCheck: unknown): unknown => plans({ healthCheck }).of('orders').config?.healthCheckConfig;
    expect([health(true), health('x'), health(false), health(undefined)]).to.deep.equal([{ serviceName: '' }, { serviceName: 'x' }, {}, undefined]);
  });

  it('take the TLS name out of the metadata, and none out of what every object has', () => {
    const instance = createInstance({ service: 's', address: 'h:1', metadata: { tls: 'a.example' } });
    const name = (serverName: string): string | undefined => plans({ serverName }).of('s').serverName?.(instance);
    expect([name('metadata.tls'), name('metadata.toString'), name('metadata.none')]).to.deep.equal(['a.example', undefined, undefined]);
  });

  const wrong: [options: Record<string, unknown>, services: unknown, message: RegExp][] = [
    [{ policy: 'round_robbin' }, undefined, /INVALID_CONFIG: option "policy" of registerResolver names "round_robbin", which is not known here; did you mean "round_robin"\?/],
    [{ zone: {} }, undefined, /INVALID_CONFIG: the zone preference of registerResolver has no "local"/],
    [{ subset: 0 }, undefined, /INVALID_CONFIG: .*"size" of the subset of registerResolver: 0 is not a whole number/],
    [{ maxLoss: 2 }, undefined, /INVALID_CONFIG: option "maxLoss" of registerResolver: 2 is not a number from 0 to 1/],
    [{ onEmpty: 'hold' }, undefined, /INVALID_CONFIG: option "onEmpty" of registerResolver: "hold" is not one of fail, keep/],
    [{ healthCheck: 1 }, undefined, /INVALID_CONFIG: option "healthCheck" of registerResolver: 1 is not true, false or the name/],
    [{ serverName: 'tls' }, undefined, /INVALID_CONFIG: option "serverName" of registerResolver: "tls" is neither metadata.<key> nor a function/],
    [{}, { orders: { subsett: 1 } }, /UNKNOWN_OPTION: unknown option "subsett" of service "orders" of registerResolver; did you mean "subset"\?/],
    [{}, { orders: 5 }, /INVALID_CONFIG: service "orders" of registerResolver: 5 is not an object/],
    [{}, [], /INVALID_CONFIG: option "services" of registerResolver: .* is not an object/],
    [{}, { 'a/b': {} }, /INVALID_SERVICE/],
    [{ policy: 'least_request', serviceConfig: { loadBalancingConfig: [{ pick_first: {} }] } }, undefined, /both name a load balancing policy/],
  ];
  for (const [options, services, message] of wrong) {
    it(`refuse ${JSON.stringify(services === undefined ? options : services)}`, () => {
      expect(refusal(() => plans(options, services))).to.match(message);
    });
  }

  it('are refused by registerResolver with all that it knows, its own included, and nothing is registered then', async () => {
    const { discovery } = fakeDiscovery();
    const bad = { scheme: 'optioned', discovery, initialTimeOut: 5 } as unknown as RegisterResolverOptions;
    expect(refusal(() => registerResolver(bad))).to.match(/UNKNOWN_OPTION: unknown option "initialTimeOut" of registerResolver; did you mean "initialTimeout"\? Known options: scheme, discovery, .*maxLoss/);
    expect(refusal(() => registerResolver({ scheme: 'optioned', discovery, maxLoss: -1 }))).to.match(/maxLoss/);
    registerResolver({ scheme: 'optioned', discovery }).close();
    await discovery.close();
  });
});
