import { expect } from 'chai';

import { registerPolicies } from '../../src/grpc/balancer/register.js';
import { channelServiceConfig, type ChannelServiceConfig } from '../../src/grpc/service-config.js';

const own = [{ rollcall_round_robin: {} }];

function configure(given: object): ChannelServiceConfig {
  return channelServiceConfig({ 'grpc.service_config': JSON.stringify(given) });
}

describe('the service config of a channel', () => {
  before(registerPolicies);

  it('has our policy when the channel says nothing', () => {
    expect(channelServiceConfig({}).resolved).to.deep.equal({ methodConfig: [], loadBalancingConfig: own });
  });

  it('keeps what the channel configures beside the policy', () => {
    const methodConfig = [{ name: [{ service: 'Simple' }], retryPolicy: { maxAttempts: 2 } }];
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
