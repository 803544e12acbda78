import { expect } from 'chai';

import { WeightedDraw } from '../../../src/grpc/balancer/weighted-draw.js';
import { seededRandom } from '../../support/seeded-random.js';

interface Item {
  readonly name: string;
  weight: number;
  slot: number;
  parts: number;
}

function item(name: string, weight: number): Item {
  return { name, weight, slot: -1, parts: 0 };
}

describe('a draw by weight', () => {
  it('gives each its part of the chances, in the order of coming', () => {
    const draw = new WeightedDraw<Item>();
    for (const each of [item('a', 1), item('b', 2), item('c', 5)]) draw.add(each, each.weight);
    expect([0, 0.124, 0.126, 0.374, 0.376, 0.999].map((chance) => draw.draw(chance)?.name).join('')).to.equal('aabbcc');
  });

  it('has nobody to draw when it is empty', () => {
    expect(new WeightedDraw<Item>().draw(0.5)).to.equal(undefined);
  });

  it('agrees with the plain sums, whoever comes, goes and changes', () => {
    const random = seededRandom(2);
    const draw = new WeightedDraw<Item>();
    const inside: Item[] = [];
    const outside = Array.from({ length: 20 }, (_, i) => item(String(i), 1));
    for (let step = 0; step < 3000; step++) {
      const act = random();
      const from = act < 0.4 ? outside : inside;
      const at = Math.floor(random() * from.length);
      const chosen = from[at];
      if (chosen === undefined) continue;
      const weight = Math.ceil(random() * 100);
      if (act < 0.4) {
        outside.splice(at, 1);
        chosen.weight = weight;
        draw.add(chosen, weight);
        inside.push(chosen);
      } else if (act < 0.7) {
        inside.splice(at, 1);
        outside.push(chosen);
        draw.delete(chosen);
      } else {
        chosen.weight = weight;
        draw.reweigh(chosen, weight);
      }
      const total = inside.reduce((sum, each) => sum + each.weight, 0);
      expect(draw.size).to.equal(inside.length);
      let below = 0;
      for (const each of [...inside].sort((a, b) => a.slot - b.slot)) {
        expect(draw.draw((below + each.weight / 2) / total)).to.equal(each);
        below += each.weight;
      }
    }
  });
});
