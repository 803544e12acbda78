import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import { expectedShares } from '../../../src/grpc/balancer/expected-shares.js';

const instances = [
  { id: 'a', weight: 100, share: 1 },
  { id: 'b', weight: 300, share: 0.5 },
  { id: 'c', weight: 0, share: 1 },
];

describe('the expected shares of calls', () => {
  for (const [policy, a, b] of [
    ['rollcall_round_robin', 1 / 1.5, 0.5 / 1.5],
    ['rollcall_weighted_round_robin', 0.4, 0.6],
    ['rollcall_least_request', 0.4, 0.6],
    ['rollcall_ring_hash', 0.25, 0.75],
  ] as const) {
    it(`under ${policy}`, () => {
      expect(expectedShares(policy, instances)).to.deep.equal(new Map([['a', a], ['b', b], ['c', 0]]));
    });
  }

  it('are nothing where everybody has weight 0', () => {
    expect(expectedShares('rollcall_round_robin', [{ id: 'c', weight: 0, share: 1 }])).to.deep.equal(new Map([['c', 0]]));
  });

  it('are not known for other policies', () => {
    expect(() => expectedShares('pick_first', instances)).to.throw(RollcallError, /"pick_first" is not a policy of this package; those are rollcall_round_robin,/).with.property('code', 'INVALID_CONFIG');
  });
});
