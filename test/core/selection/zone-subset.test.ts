import { expect } from 'chai';

import type { ServiceInstance } from '../../../src/core/instance.js';
import { parseSelectionOptions } from '../../../src/core/selection/options.js';
import { select } from '../../../src/core/selection/select.js';
import { seededRandom } from '../../support/seeded-random.js';
import { instance } from './instances.js';

/**
 * Zone, subset and what a client knows depend on each other: it knows of those only that it calls, and whom it calls depends on
 * what it knows. Each round it learns how the called ones are, forgets the others, and chooses again.
 */
describe('zone and subset together', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`come to rest, and call somebody healthy if there is anybody in reach (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const below = (n: number): number => Math.floor(random() * n);
      let outages = 0;
      for (let trial = 0; trial < 400; trial++) {
        const zones = ['near', 'next', 'far'].slice(0, 1 + below(3));
        const list = Array.from({ length: 2 + below(40) }, (_, i) => instance(`i${String(i).padStart(2, '0')}`, { zone: zones[below(zones.length)]!, address: `10.0.0.1:${i + 1}` }));
        const sick = new Set(list.filter(({ zone }) => random() < (zone === 'near' ? 0.7 : 0.3)));
        const rules = parseSelectionOptions({ zone: { local: 'near', fallback: ['next'], minHealthy: 1 + below(4), minHealthyPercent: below(100) }, subset: 1 + below(6) }, 'x');
        let known: ReadonlySet<ServiceInstance> = new Set();
        const seen: string[] = [];
        let called: readonly ServiceInstance[] = [];
        for (let round = 0; round < 30; round++) {
          const isHealthy = (each: ServiceInstance): boolean | undefined => (known.has(each) ? !sick.has(each) : undefined);
          called = select(list, rules, { service: 's', clientKey: `client ${trial}`, isHealthy }).candidates.map((each) => each.instance);
          known = new Set(called);
          seen.push(called.map(({ id }) => id).join());
        }
        expect(new Set(seen.slice(-10)).size, `trial ${trial} does not come to rest`).to.equal(1);
        if (called.every((each) => sick.has(each)) && list.some((each) => !sick.has(each))) outages++;
      }
      // A subset may be sick as a whole, eight more included, though others are well: bad luck, and rare.
      expect(outages).to.be.at.most(4);
    });
  }
});
