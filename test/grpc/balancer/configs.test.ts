import { expect } from 'chai';

import { registerPolicies } from '../../../src/grpc/balancer/register.js';
import { parseLoadBalancingConfig } from '../../../src/grpc/experimental.js';

describe('the configuration of the policies', () => {
  before(registerPolicies);

  for (const [given, complete] of [
    [{ rollcall_round_robin: {} }, { rollcall_round_robin: {} }],
    [{ rollcall_weighted_round_robin: {} }, { rollcall_weighted_round_robin: {} }],
    [{ rollcall_least_request: {} }, { rollcall_least_request: { choiceCount: 2 } }],
    [{ rollcall_least_request: { choiceCount: 10 } }, { rollcall_least_request: { choiceCount: 10 } }],
    [{ rollcall_ring_hash: { metadataKey: 'user-id' } }, { rollcall_ring_hash: { metadataKey: 'user-id', replicas: 64 } }],
    [{ rollcall_ring_hash: { metadataKey: 'x_1.y', replicas: 1024 } }, { rollcall_ring_hash: { metadataKey: 'x_1.y', replicas: 1024 } }],
  ] as const) {
    it(`may be ${JSON.stringify(given)}`, () => {
      const config = parseLoadBalancingConfig(given);
      expect(config.toJsonObject()).to.deep.equal(complete);
      expect(config.getLoadBalancerName()).to.equal(Object.keys(given)[0]);
    });
  }

  for (const [given, message] of [
    [{ rollcall_round_robin: { weight: 1 } }, 'rollcall_round_robin: unknown field "weight"; it takes none'],
    [{ rollcall_weighted_round_robin: { a: 1 } }, 'rollcall_weighted_round_robin: unknown field "a"; it takes none'],
    [{ rollcall_weighted_round_robin: [] }, 'rollcall_weighted_round_robin: its configuration is not an object'],
    [{ rollcall_least_request: null }, 'rollcall_least_request: its configuration is not an object'],
    [{ rollcall_least_request: { choiceCount: 1 } }, 'rollcall_least_request: option "choiceCount" of the policy: 1 is not a whole number from 2 to 10'],
    [{ rollcall_least_request: { choiceCount: 2.5 } }, /2.5 is not a whole number/],
    [{ rollcall_least_request: { choicecount: 2 } }, /unknown option "choicecount" of the policy; did you mean "choiceCount"\?/],
    [{ rollcall_ring_hash: {} }, /rollcall_ring_hash: option "metadataKey" is missing/],
    [{ rollcall_ring_hash: { metadataKey: 'User-Id' } }, /"User-Id" is not a metadata key: lower case/],
    [{ rollcall_ring_hash: { metadataKey: 'trace-bin' } }, /"trace-bin" is not a metadata key: .*"-bin"/],
    [{ rollcall_ring_hash: { metadataKey: '' } }, /"" is not a metadata key/],
    [{ rollcall_ring_hash: { metadataKey: 'a', replicas: 0 } }, /"replicas" of the policy: 0 is not a whole number from 1 to 1024/],
  ] as const) {
    it(`must not be ${JSON.stringify(given)}`, () => {
      expect(() => parseLoadBalancingConfig(given as never)).to.throw(message);
    });
  }
});
