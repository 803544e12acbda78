import { expect } from 'chai';

import { TurnStrategy } from '../../../src/grpc/balancer/turn-strategy.js';
import { seededRandom } from '../../support/seeded-random.js';

describe('turns of many clients that start together', () => {
  it('begin at different instances, heavy ones in proportion', () => {
    const random = seededRandom(1);
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let client = 0; client < 1000; client++) {
      const strategy = new TurnStrategy(random);
      for (const [order, weight] of [2, 1, 1].entries()) strategy.add({ key: 'abc'.charAt(order), order, weight });
      first[strategy.pick()!.key]!++;
    }
    expect(first.a).to.be.within(440, 560);
    expect(first.b).to.be.within(200, 300);
    expect(first.c).to.be.within(200, 300);
  });

  it('begin with the first member without chance', () => {
    const strategy = new TurnStrategy();
    for (const [order, weight] of [1, 1].entries()) strategy.add({ key: 'ab'.charAt(order), order, weight });
    expect([strategy.pick()!.key, strategy.pick()!.key, strategy.size]).to.deep.equal(['a', 'b', 2]);
  });
});
