import type { ChannelOptions } from '@grpc/grpc-js';
import { expect } from 'chai';
import sinon from 'sinon';

import { registerPolicies } from '../../../src/grpc/balancer/register.js';
import { parseServiceConfig } from '../../../src/grpc/service-config/parse.js';
import { type ChannelServiceConfig, ServiceConfigs } from '../../../src/grpc/service-config/service-configs.js';

const own = [{ rollcall_round_robin: {} }];

function channelServiceConfig(channel: ChannelOptions): ChannelServiceConfig {
  return new ServiceConfigs({ channel }).with();
}

function configure(given: object): ChannelServiceConfig {
  return channelServiceConfig({ 'grpc.service_config': JSON.stringify(given) });
}

describe('the service config of a channel', () => {
  before(registerPolicies);

  it('has our policy when the channel says nothing', () => {
    expect(channelServiceConfig({}).resolved).to.deep.equal({ methodConfig: [], loadBalancingConfig: own });
  });

  it('keeps what the channel configures beside the policy', () => {
    const retryPolicy = { maxAttempts: 2, initialBackoff: '0.1s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] };
    const methodConfig = [{ name: [{ service: 'Simple' }], retryPolicy }];
    const retryThrottling = { maxTokens: 10, tokenRatio: 0.5 };
    const { resolved, failing } = configure({ methodConfig, retryThrottling });
    expect(resolved).to.deep.equal({ methodConfig, retryThrottling, loadBalancingConfig: own });
    expect(failing).to.deep.equal(resolved);
  });

  it('honours the policy of the channel, and takes ours while there is nobody to call', () => {
    const { resolved, failing, invalid } = configure({ loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }] });
    expect(invalid).to.equal(undefined);
    expect(resolved.loadBalancingConfig).to.deep.equal([{ pick_first: { shuffleAddressList: true } }]);
    expect(failing.loadBalancingConfig).to.deep.equal(own);
  });

  it('takes the first policy of the list that is known', () => {
    const { resolved, invalid } = configure({ loadBalancingConfig: [{ grpclb: {} }, { round_robin: {} }, { pick_first: {} }] });
    expect(invalid).to.equal(undefined);
    expect(resolved.loadBalancingConfig).to.deep.equal([{ round_robin: {} }]);
  });

  it('honours the older field loadBalancingPolicy', () => {
    expect(configure({ loadBalancingPolicy: 'ROUND_ROBIN' }).resolved.loadBalancingConfig).to.deep.equal([{ round_robin: {} }]);
    const both = configure({ loadBalancingPolicy: 'ROUND_ROBIN', loadBalancingConfig: [{ pick_first: {} }] });
    expect(both.resolved.loadBalancingConfig).to.deep.equal([{ pick_first: {} }]);
  });

  for (const [what, config, message] of [
    ['a policy that is not known', { loadBalancingConfig: [{ grpclb: {} }] }, /not known here: grpclb/],
    ['a mistake inside a known policy', { loadBalancingConfig: [{ pick_first: { shuffleAddressList: 3 } }] }, /pick_first.*shuffleAddressList/],
    ['a field that our policy does not have', { loadBalancingConfig: [{ rollcall_round_robin: { wieght: 1 } }] }, /rollcall_round_robin.*"wieght"/],
    ['an older policy name that is not known', { loadBalancingPolicy: 'fancy' }, /not known here: fancy/],
  ] as const) {
    it(`says so for ${what}`, () => {
      expect(configure(config).invalid).to.match(message);
    });
  }

  for (const [text, seconds, nanos] of [
    ['0.1s', 0, 100_000_000],
    ['2s', 2, 0],
    ['1.000000001s', 1, 1],
    ['12.25s', 12, 250_000_000],
  ] as const) {
    it(`reads the timeout ${text} exactly`, () => {
      expect(configure({ methodConfig: [{ name: [{}], timeout: text }] }).resolved.methodConfig[0]?.timeout).to.deep.equal({ seconds, nanos });
    });
  }

  it('leaves a timeout in the other form as it is', () => {
    const methodConfig = [{ name: [{}], timeout: { seconds: 1, nanos: 5 } }];
    expect(configure({ methodConfig }).resolved.methodConfig).to.deep.equal(methodConfig);
  });
});

describe('the service config of a channel, of three layers', () => {
  const checked = (config: object): ReturnType<typeof parseServiceConfig> => parseServiceConfig(config, 'the test');
  const methods = (timeout: string): object => ({ methodConfig: [{ name: [{}], timeout }] });
  const channel = (config: object, options: object = {}): object => ({ 'grpc.service_config': JSON.stringify(config), ...options });
  const policyOf = ({ resolved }: ChannelServiceConfig): unknown => resolved.loadBalancingConfig;

  function fakeLogger(): { debug: sinon.SinonSpy; info: sinon.SinonSpy; warn: sinon.SinonSpy; error: sinon.SinonSpy } {
    return { debug: sinon.spy(), info: sinon.spy(), warn: sinon.spy(), error: sinon.spy() };
  }

  it('takes the policy of the channel before that of the options, before that of the registry, before ours', () => {
    const [first, second, third] = [{ loadBalancingConfig: [{ pick_first: {} }] }, { loadBalancingConfig: [{ round_robin: {} }] }, { loadBalancingConfig: [{ weighted_round_robin: {} }] }];
    const published = { config: checked(third) };
    expect(policyOf(new ServiceConfigs({ channel: channel(first), options: checked(second) }).with(published))).to.deep.equal(first.loadBalancingConfig);
    expect(policyOf(new ServiceConfigs({ channel: channel({}), options: checked(second) }).with(published))).to.deep.equal(second.loadBalancingConfig);
    expect(policyOf(new ServiceConfigs({ channel: {}, options: checked({}) }).with(published))).to.deep.equal(third.loadBalancingConfig);
    expect(policyOf(new ServiceConfigs({ channel: {} }).with({ config: checked({}) }))).to.deep.equal(own);
  });

  it('is the same object until something else is published, and again one of its own then', () => {
    const configs = new ServiceConfigs({ channel: {} });
    const none = configs.with();
    expect(configs.with({})).to.equal(none);
    expect(configs.with({ problem: 'bad' })).to.equal(none);
    const config = checked(methods('1s'));
    const some = configs.with({ config, from: 'a' });
    expect(some).to.not.equal(none);
    expect(configs.with({ config, from: 'b', problem: 'bad' })).to.equal(some);
    expect(configs.with({ config: checked(methods('2s')) }).resolved.methodConfig[0]?.timeout).to.deep.equal({ seconds: 2, nanos: 0 });
    expect(configs.with().resolved.methodConfig).to.deep.equal([]);
  });

  it('has one and the same config for both cases while the policy is ours', () => {
    const { resolved, failing } = new ServiceConfigs({ channel: {}, options: checked({ loadBalancingConfig: [{ rollcall_round_robin: {} }] }) }).with();
    expect(failing).to.equal(resolved);
  });

  it('says which health service to ask for, also the one without a name, unless a layer before turned it off', () => {
    const health = (options: object, published: object): string | undefined => new ServiceConfigs({ channel: {}, options: checked(options) }).with({ config: checked(published) }).healthService;
    const [on, off] = [{ healthCheckConfig: { serviceName: 'Simple' } }, { healthCheckConfig: {} }];
    expect(health({}, {})).to.equal(undefined);
    expect(health({}, on)).to.equal('Simple');
    expect(health({ healthCheckConfig: { serviceName: '' } }, on)).to.equal('');
    expect(health(off, on)).to.equal(undefined);
  });

  it('fails calls with what is wrong in the config of the channel beside the policy as well', () => {
    const { invalid } = channelServiceConfig(channel({ methodConfig: {} }));
    expect(invalid).to.equal("the channel's service config: methodConfig is an object, not a list");
  });

  it('warns once of what has no effect in the channel, and of each new thing in the registry', () => {
    const logger = fakeLogger();
    const configs = new ServiceConfigs({ channel: channel({ methodConfig: [{ name: [{}], waitForReady: true }] }), logger });
    const said = (): string[] => {
      const messages = logger.warn.args.map(([, message]) => String(message));
      logger.warn.resetHistory();
      return messages;
    };
    expect(said()).to.have.length(1).and.to.have.property('0').that.matches(/^the channel's service config: methodConfig\[0\]\.waitForReady does nothing/);
    const config = checked({});
    configs.with({ config, problem: 'one is bad', warnings: ['odd'] });
    configs.with({ config, problem: 'one is bad', warnings: ['odd'] });
    expect(said()).to.deep.equal(['one is bad', 'odd']);
    configs.with({ config, problem: 'another is bad', warnings: ['odd'] });
    expect(said()).to.deep.equal(['another is bad']);
  });

  it('warns of a retry policy on a channel that has retries turned off', () => {
    const logger = fakeLogger();
    const retryPolicy = { maxAttempts: 2, initialBackoff: '0.1s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] };
    const options = checked({ methodConfig: [{ name: [{}], retryPolicy }] });
    new ServiceConfigs({ channel: { 'grpc.enable_retries': 1 }, options, logger }).with();
    expect(logger.warn.callCount).to.equal(0);
    new ServiceConfigs({ channel: { 'grpc.enable_retries': 0 }, options, logger }).with();
    expect(logger.warn.args[0]?.[1]).to.match(/grpc\.enable_retries is 0/);
  });
});
