import { expect } from 'chai';

import { mergeServiceConfigs } from '../../../src/grpc/service-config/merge.js';
import { parseServiceConfig } from '../../../src/grpc/service-config/parse.js';
import type { ServiceConfigInit } from '../../../src/grpc/service-config/service-config-init.js';

const checked = (config: ServiceConfigInit): ReturnType<typeof parseServiceConfig> => parseServiceConfig(config, 'the test');
const timeouts = (config: ReturnType<typeof checked>): unknown => config.methodConfig.map(({ name, timeout }) => [name, timeout?.seconds]);

describe('merging service configs', () => {
  it('is nothing out of nothing, and the same object out of one', () => {
    expect(mergeServiceConfigs([undefined, undefined])).to.deep.equal({ methodConfig: [] });
    const one = checked({ retryThrottling: { maxTokens: 1, tokenRatio: 1 } });
    expect(mergeServiceConfigs([undefined, one])).to.equal(one);
  });

  it('takes each top-level field from the first that has it', () => {
    const first = checked({ loadBalancingConfig: [{ pick_first: {} }] });
    const second = checked({ loadBalancingConfig: [{ round_robin: {} }], retryThrottling: { maxTokens: 1, tokenRatio: 1 }, healthCheckConfig: {} });
    const third = checked({ retryThrottling: { maxTokens: 2, tokenRatio: 2 }, healthCheckConfig: { serviceName: 'x' } });
    expect(mergeServiceConfigs([first, undefined, second, third])).to.deep.equal({
      methodConfig: [],
      loadBalancingConfig: { pick_first: {} },
      retryThrottling: { maxTokens: 1, tokenRatio: 1 },
      healthCheckConfig: {},
    });
  });

  it('takes an entry of the second for the names that the first does not have', () => {
    const first = checked({ methodConfig: [{ name: [{ service: 'a' }, { service: 'b', method: 'x' }], timeout: '1s' }] });
    const second = checked({
      methodConfig: [
        { name: [{ service: 'a' }, { service: 'a', method: 'x' }, {}], timeout: '2s' },
        { name: [{ service: 'b', method: 'x' }], timeout: '3s' },
      ],
    });
    expect(timeouts(mergeServiceConfigs([first, second]))).to.deep.equal([
      [[{ service: 'a' }, { service: 'b', method: 'x' }], 1],
      [[{ service: 'a', method: 'x' }, {}], 2],
    ]);
    expect(timeouts(second), 'what was given stays').to.deep.equal([
      [[{ service: 'a' }, { service: 'a', method: 'x' }, {}], 2],
      [[{ service: 'b', method: 'x' }], 3],
    ]);
  });

  it('does not mix entries of one name', () => {
    const first = checked({ methodConfig: [{ name: [{}], timeout: '1s' }] });
    const second = checked({ methodConfig: [{ name: [{}], hedgingPolicy: { maxAttempts: 2 } }] });
    expect(mergeServiceConfigs([first, second]).methodConfig).to.deep.equal(first.methodConfig);
  });
});
