import { expect } from 'chai';

import type { Member } from '../../../src/grpc/balancer/strategy.js';
import { TurnScheduler } from '../../../src/grpc/balancer/turn-scheduler.js';
import { seededRandom } from '../../support/seeded-random.js';

function members(...names: string[]): Member[] {
  return names.map((key, order) => ({ key, order, weight: 1 }));
}

function turns(rotation: TurnScheduler<Member>, count: number): string {
  return Array.from({ length: count }, () => rotation.next()?.key).join('');
}

describe('turns of equal weight', () => {
  it('gives everybody a turn, in order, again and again', () => {
    const rotation = new TurnScheduler<Member>();
    for (const member of members('a', 'b', 'c')) rotation.add(member);
    expect(turns(rotation, 7)).to.equal('abcabca');
  });

  it('follows the given order among those that never had a turn, whenever they came', () => {
    const rotation = new TurnScheduler<Member>();
    for (const member of members('a', 'b', 'c').reverse()) rotation.add(member);
    expect(turns(rotation, 3)).to.equal('abc');
  });

  it('gives a newcomer the next turn', () => {
    const [a, b, c] = members('a', 'b', 'c') as [Member, Member, Member];
    const rotation = new TurnScheduler<Member>();
    rotation.add(a);
    rotation.add(b);
    expect(turns(rotation, 3)).to.equal('aba');
    rotation.add(c);
    expect(turns(rotation, 6)).to.equal('cbacba');
  });

  it('gives no turn twice to one that went away and came back at once', () => {
    const [a, b] = members('a', 'b') as [Member, Member];
    const rotation = new TurnScheduler<Member>();
    rotation.add(a);
    rotation.add(b);
    expect(turns(rotation, 1)).to.equal('a');
    rotation.remove(a);
    rotation.add(a);
    expect(turns(rotation, 3)).to.equal('bab');
  });

  it('keeps its place when somebody leaves', () => {
    const [a, b, c] = members('a', 'b', 'c') as [Member, Member, Member];
    const rotation = new TurnScheduler<Member>();
    for (const member of [a, b, c]) rotation.add(member);
    expect(turns(rotation, 2)).to.equal('ab');
    rotation.remove(a);
    expect(turns(rotation, 4)).to.equal('cbcb');
  });

  it('has nobody when it is empty', () => {
    const [a] = members('a') as [Member];
    const rotation = new TurnScheduler<Member>();
    rotation.add(a);
    rotation.remove(a);
    expect(rotation.next()).to.equal(undefined);
    expect(rotation.size).to.equal(0);
  });
});

/** Strict rotation in its plainest form: a list, who has waited longest in front. */
class PlainRotation {
  readonly #lastTurn = new Map<Member, number>();
  #queue: Member[] = [];
  #turns = 0;

  add(member: Member): void {
    this.#queue = [...this.#queue, member].sort((a, b) => this.#last(a) - this.#last(b) || a.order - b.order);
  }

  remove(member: Member): void {
    this.#queue = this.#queue.filter((each) => each !== member);
  }

  next(): Member | undefined {
    const member = this.#queue.shift();
    if (member === undefined) return undefined;
    this.#lastTurn.set(member, ++this.#turns);
    this.#queue.push(member);
    return member;
  }

  #last(member: Member): number {
    return this.#lastTurn.get(member) ?? 0;
  }
}

describe('turns of equal weight, whoever comes and goes', () => {
  for (const weight of [1, 3, 100, 65_535, 1 / 3]) {
    it(`are a strict rotation, weight ${weight}`, () => {
      const random = seededRandom(weight);
      for (let round = 0; round < 40; round++) {
        const scheduler = new TurnScheduler<Member>();
        const plain = new PlainRotation();
        const all = Array.from({ length: 2 + (round % 7) }, (_, order) => ({ key: 'abcdefgh'.charAt(order), order, weight }));
        const here = new Set<Member>();
        for (let step = 0; step < 400; step++) {
          const member = all[Math.floor(random() * all.length)]!;
          if (random() < 0.3) {
            for (const each of [scheduler, plain]) {
              if (here.has(member)) each.remove(member);
              else each.add(member);
            }
            if (!here.delete(member)) here.add(member);
          }
          expect(scheduler.next()?.key).to.equal(plain.next()?.key);
        }
      }
    });
  }
});

describe('turns by weight', () => {
  const cycle = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0);

  function weighted(weights: readonly number[]): { readonly scheduler: TurnScheduler<Member>; readonly all: (Member & { weight: number })[] } {
    const scheduler = new TurnScheduler<Member>();
    const all = weights.map((weight, order) => ({ key: String.fromCharCode(97 + order), order, weight }));
    for (const member of all) scheduler.add(member);
    return { scheduler, all };
  }

  function count(scheduler: TurnScheduler<Member>, picks: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let i = 0; i < picks; i++) {
      const { key } = scheduler.next()!;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  it('are spread evenly', () => {
    expect(turns(weighted([5, 1, 1]).scheduler, 14)).to.equal('abaacaaabaacaa');
    expect(turns(weighted([3, 2, 1]).scheduler, 12)).to.equal('abacbaabacba');
    expect(turns(weighted([4, 1, 1, 1, 1]).scheduler, 8)).to.equal('abacadea');
  });

  it('alternate among many light ones and a heavy one', () => {
    const { scheduler } = weighted([100, ...Array.from({ length: 100 }, () => 1)]);
    const all = turns(scheduler, 200);
    expect(all).not.to.match(/aa.*aa|[^a]{3}/);
    expect(all.replaceAll(/[^a]/g, '')).to.have.length(100);
  });

  for (const most of [3, 10, 1000, 65_535]) {
    it(`are exact in each cycle and less than one turn off at any time, for weights up to ${most}`, () => {
      const random = seededRandom(most);
      for (let round = 0; round < 100; round++) {
        const weights = Array.from({ length: 1 + Math.floor(random() * 12) }, () => 1 + Math.floor(random() * most));
        const { scheduler } = weighted(weights);
        const counts = weights.map(() => 0);
        const total = cycle(weights);
        for (let turn = 1; turn <= Math.min(3 * total, 5000); turn++) {
          counts[scheduler.next()!.order]!++;
          const off = Math.max(...weights.map((weight, i) => Math.abs(counts[i]! - (turn * weight) / total)));
          if (off >= 1) expect.fail(`${weights.join()}: ${off} off after ${turn}`);
          if (turn % total === 0) expect(counts).to.deep.equal(weights.map((weight) => (weight * turn) / total));
        }
      }
    });
  }

  it('are exact in a cycle of the greatest weights too, the tenth as the first', () => {
    const weights = [65_535, 65_534, 1];
    const { scheduler } = weighted(weights);
    for (let round = 0; round < 10; round++) expect(count(scheduler, cycle(weights))).to.deep.equal({ a: 65_535, b: 65_534, c: 1 });
  }).timeout(20_000);

  it('stay exact after a very long time', () => {
    // One turn of the least weight takes as long as 2^32 of the greatest, so these are many years of calls.
    const { scheduler, all } = weighted([1 / 65_536]);
    count(scheduler, 2 ** 20);
    scheduler.remove(all[0]!);
    for (const member of weighted([65_535, 65_534, 1]).all) scheduler.add(member);
    expect(count(scheduler, 131_070)).to.deep.equal({ a: 65_535, b: 65_534, c: 1 });
    expect(turns(scheduler, 1000)).not.to.match(/aaa|bbb/);
  });

  it('follow shares of weights', () => {
    expect(count(weighted([100, 10, 0.5]).scheduler, 2210)).to.deep.equal({ a: 2000, b: 200, c: 10 });
  });

  it('follow another weight at once', () => {
    const { scheduler, all } = weighted([1, 1, 1]);
    count(scheduler, 7);
    all[0]!.weight = 8;
    scheduler.reweigh(all[0]!);
    expect(count(scheduler, 100)).to.have.property('a').within(79, 81);
    all[0]!.weight = 1;
    scheduler.reweigh(all[0]!);
    const after = count(scheduler, 99);
    for (const key of ['a', 'b', 'c']) expect(after[key]).to.be.within(32, 34);
  });

  it('scale what is left to wait with the weight', () => {
    const { scheduler, all } = weighted([1000, 1]);
    // b has its first turn within the first half of the cycle, and then waits for about a thousand turns.
    while (scheduler.next()!.key !== 'b');
    all[1]!.weight = 100;
    scheduler.reweigh(all[1]!);
    expect(count(scheduler, 20)).to.have.property('b').within(1, 3);
  });

  it('let nobody fall behind however often weights change', () => {
    const random = seededRandom(5);
    const { scheduler, all } = weighted([10, 10, 10, 10]);
    const owed = new Map<string, number>();
    for (let step = 0; step < 3000; step++) {
      const member = all[Math.floor(random() * all.length)]!;
      member.weight = 1 + Math.floor(random() * 100);
      scheduler.reweigh(member);
      const total = all.reduce((sum, { weight }) => sum + weight, 0);
      for (const { key, weight } of all) owed.set(key, (owed.get(key) ?? 0) + weight / total);
      const { key } = scheduler.next()!;
      owed.set(key, owed.get(key)! - 1);
      for (const [name, turnsOwed] of owed) expect(Math.abs(turnsOwed), `${name} after ${step}`).to.be.below(3);
    }
  });

  it('come to a newcomer at once if its weight is no less than that of the others', () => {
    const { scheduler, all } = weighted([100, 100]);
    count(scheduler, 31);
    scheduler.add({ key: 'z', order: 9, weight: 100 });
    expect(turns(scheduler, 6)).to.equal('zbazba');
    expect(all).to.have.length(2);
  });

  it('give a light newcomer its part, and no more', () => {
    const { scheduler } = weighted([100, 100]);
    count(scheduler, 1001);
    scheduler.add({ key: 'z', order: 9, weight: 1 });
    expect(count(scheduler, 2010)).to.have.property('z').within(9, 11);
  });

  it('are not made up for by one that was away for long', () => {
    const { scheduler, all } = weighted([3, 3, 1]);
    count(scheduler, 7);
    scheduler.remove(all[0]!);
    count(scheduler, 1000);
    scheduler.add(all[0]!);
    expect(count(scheduler, 70)).to.have.property('a').within(29, 31);
  });

  it('stay in proportion while members come and go', () => {
    const random = seededRandom(11);
    const { scheduler, all } = weighted([7, 5, 3, 2, 1]);
    const away = new Set<Member>();
    for (let step = 0; step < 2000; step++) {
      const member = all[Math.floor(random() * all.length)]!;
      if (away.delete(member)) scheduler.add(member);
      else if (away.size < 3) {
        away.add(member);
        scheduler.remove(member);
      }
      expect(scheduler.size).to.equal(all.length - away.size);
      expect(away.has(scheduler.next()!)).to.equal(false);
    }
    for (const member of away) scheduler.add(member);
    const counts = count(scheduler, 1800);
    for (const { key, weight } of all) expect(counts[key]).to.be.within(weight * 100 - 3, weight * 100 + 3);
  });

  const mixtures: readonly (readonly [name: string, draw: (random: () => number) => number])[] = [
    ['any of a thousand', (random) => 1 + Math.floor(random() * 1000)],
    ['a canary of 1 beside hundreds', (random) => (random() < 0.3 ? 1 : 100)],
    ['tens and hundreds', (random) => (random() < 0.5 ? 10 : 100)],
    ['the shares of a slow start', (random) => (1 + Math.floor(random() * 10)) / 10],
  ];
  for (const [name, draw] of mixtures) {
    for (const callsPerEvent of [1, 20]) {
      it(`let nobody fall behind or run ahead while members join, leave, return and change their weights for long: ${name}, ${callsPerEvent} calls an event`, function () {
        this.timeout(20_000);
        const random = seededRandom(callsPerEvent);
        const scheduler = new TurnScheduler<Member & { weight: number }>();
        const here: (Member & { weight: number })[] = [];
        const away: (Member & { weight: number })[] = [];
        const owed = new Map<Member, number>();
        let order = 0;
        const join = (member: Member & { weight: number }): void => {
          here.push(member);
          owed.set(member, 0);
          scheduler.add(member);
        };
        for (let event = 0; event < 40_000 / callsPerEvent + 4000; event++) {
          const kind = random();
          if (here.length < 2 || (kind < 0.2 && here.length < 8)) {
            const again = kind < 0.1 ? away.pop() : undefined;
            join(again ?? { key: `m${order}`, order: order++, weight: draw(random) });
          } else if (kind < 0.5) {
            const [left] = here.splice(Math.floor(random() * here.length), 1);
            scheduler.remove(left!);
            owed.delete(left!);
            away.push(left!);
            if (away.length > 3) away.shift();
          } else {
            const member = here[Math.floor(random() * here.length)]!;
            member.weight = draw(random);
            scheduler.reweigh(member);
          }
          for (let call = 0; call < callsPerEvent; call++) {
            const total = here.reduce((sum, { weight }) => sum + weight, 0);
            const picked = scheduler.next();
            expect(picked, `nobody after ${event} events`).not.to.equal(undefined);
            for (const member of here) owed.set(member, owed.get(member)! + member.weight / total - (member === picked ? 1 : 0));
          }
          for (const [{ key }, turnsOwed] of owed) expect(Math.abs(turnsOwed), `${key} after ${event} events`).to.be.below(6);
        }
      });
    }
  }
});
