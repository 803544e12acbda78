import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import { parseConfigOptions } from '../../../src/grpc/service-config/option-config.js';
import { parsePolicy } from '../../../src/grpc/service-config/policy-option.js';

const parse = (value: unknown): unknown => parsePolicy(value, 'the test');

describe('the option policy', () => {
  it('takes a name of ours, alone or with its configuration', () => {
    expect(parse('round_robin')).to.deep.equal({ rollcall_round_robin: {} });
    expect(parse({ round_robin: {} })).to.deep.equal({ rollcall_round_robin: {} });
  });

  it('puts outlier detection around one of ours, by default round_robin', () => {
    const ejection = { failurePercentageEjection: { threshold: 50 } };
    const expected = { outlier_detection: { failure_percentage_ejection: { threshold: 50 }, child_policy: [{ rollcall_round_robin: {} }] } };
    expect(parse({ outlier_detection: ejection })).to.deep.equal(expected);
    expect(parse({ outlier_detection: { ...ejection, childPolicy: 'round_robin' } })).to.deep.equal(expected);
  });

  for (const [what, value, message] of [
    ['a name that is near', 'round_robbin', /^option "policy" of the test names "round_robbin", which is not known here; did you mean "round_robin"\? Known are round_robin, .*outlier_detection$/],
    ['the full name', 'rollcall_round_robin', /"rollcall_round_robin", which is not known here; did you mean "round_robin"\?/],
    ['a policy of grpc-js', 'pick_first', /"pick_first", which is not known here\. Known are/],
    ['a number', 3, /is 3, not the name of a policy/],
    ['two policies', { round_robin: {}, pick_first: {} }, /is an object, not the name of a policy/],
    ['none', {}, /is an object, not the name of a policy/],
    ['an unknown field of ours', { round_robin: { weight: 3 } }, /^option "policy" of the test: rollcall_round_robin is invalid: unknown field "weight"/],
    ['a slip in outlier detection', { outlier_detection: { intervall: '1s' } }, /^option "policy" of the test: unknown field "intervall" of outlier_detection; did you mean "interval"\?/],
    ['outlier detection that ejects nobody', 'outlier_detection', /^option "policy" of the test: outlier_detection ejects nobody/],
    ['a child that is not known', { outlier_detection: { childPolicy: 'pick_first' } }, /"pick_first", which is not known here/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parse(value)).to.throw(RollcallError, message).with.property('code', 'INVALID_CONFIG');
    });
  }
});

describe('the options policy and serviceConfig together', () => {
  const serviceConfig = { retryThrottling: { maxTokens: 1, tokenRatio: 1 } };

  it('are one config', () => {
    expect(parseConfigOptions({}, 'x')).to.equal(undefined);
    expect(parseConfigOptions({ serviceConfig }, 'x')).to.deep.equal({ methodConfig: [], ...serviceConfig });
    expect(parseConfigOptions({ serviceConfig, policy: 'round_robin' }, 'x')).to.deep.equal({
      methodConfig: [],
      ...serviceConfig,
      loadBalancingConfig: { rollcall_round_robin: {} },
    });
  });

  it('are refused if both name a policy', () => {
    const both = { serviceConfig: { loadBalancingConfig: [{ pick_first: {} }] }, policy: 'round_robin' };
    expect(() => parseConfigOptions(both, 'x')).to.throw(RollcallError, /options "policy" and "serviceConfig" of x both name/).with.property('code', 'INVALID_CONFIG');
  });

  it('name the option that is wrong', () => {
    expect(() => parseConfigOptions({ serviceConfig: { x: 1 } }, 'registerResolver')).to.throw(/^option "serviceConfig" of registerResolver: unknown field "x"/);
  });
});
