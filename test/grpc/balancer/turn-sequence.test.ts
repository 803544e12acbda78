import { expect } from 'chai';

import type { Member } from '../../../src/grpc/balancer/strategy.js';
import { TurnScheduler } from '../../../src/grpc/balancer/turn-scheduler.js';
import { seededRandom } from '../../support/seeded-random.js';
import { PlainTurns } from './plain-turns.js';

type Random = () => number;

const weights: readonly (readonly [name: string, draw: (random: Random) => number])[] = [
  ['of 1', () => 1],
  ['of a third', () => 1 / 3],
  ['up to 4', (random) => 1 + Math.floor(random() * 4)],
  ['up to 1,000', (random) => 1 + Math.floor(random() * 1000)],
  ['up to 65,535', (random) => 1 + Math.floor(random() * 65_535)],
  ['that are shares of 1', (random) => (1 + Math.floor(random() * 10)) / 10],
  ['of 100 with shares', (random) => (random() < 0.7 ? 100 : Math.ceil(random() * 1000) / 10)],
];

describe('turns, one by one, are those of the plain rules', () => {
  for (const [name, draw] of weights) {
    for (const eventsPerTurn of [0, 0.02, 0.5]) {
      it(`for weights ${name}, ${eventsPerTurn} events a turn`, () => {
        for (let seed = 0; seed < 60; seed++) {
          const random = seededRandom(seed + 1);
          const [scheduler, plain] = [new TurnScheduler<Member>(), new PlainTurns()];
          const all = Array.from({ length: 1 + (seed % 30) }, (_, order) => ({ key: `m${order}`, order, weight: draw(random) }));
          const here = new Set<Member>();
          const toggle = (member: Member): void => {
            for (const each of [scheduler, plain]) {
              if (here.has(member)) each.remove(member);
              else each.add(member);
            }
            if (!here.delete(member)) here.add(member);
          };
          for (const member of all) if (random() < 0.8) toggle(member);
          for (let step = 0; step < 500; step++) {
            for (let chance = random(); chance < eventsPerTurn; chance = random()) {
              const member = all[Math.floor(random() * all.length)]!;
              if (random() < 0.5) {
                toggle(member);
              } else {
                member.weight = draw(random);
                if (here.has(member)) for (const each of [scheduler, plain]) each.reweigh(member);
              }
            }
            const [actual, expected] = [scheduler.next()?.key, plain.next()?.key];
            if (actual !== expected) expect.fail(`seed ${seed}, step ${step}: ${actual} instead of ${expected}`);
            if (scheduler.size !== here.size) expect.fail(`${scheduler.size} instead of ${here.size}`);
          }
        }
      }).timeout(20_000);
    }
  }
});
