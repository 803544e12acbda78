import { expect } from 'chai';

import { LeastRequestStrategy } from '../../../src/grpc/balancer/least-request-strategy.js';
import type { CallFollower, Member } from '../../../src/grpc/balancer/strategy.js';
import type { Random } from '../../../src/core/random.js';
import { seededRandom } from '../../support/seeded-random.js';

type WeighedMember = Member & { weight: number };

function members(...weights: number[]): WeighedMember[] {
  return weights.map((weight, order) => ({ key: 'abcdefghijklmnopqrstuvwxyz'.charAt(order), order, weight }));
}

describe('the least request strategy', () => {
  let deferred: (() => void)[];
  let strategy: LeastRequestStrategy<WeighedMember>;
  let all: WeighedMember[];

  function start(weights: readonly number[], random: Random = seededRandom(1), choiceCount = 2): void {
    strategy = new LeastRequestStrategy({ choiceCount, random, defer: (callback) => deferred.push(callback) });
    all = members(...weights);
    for (const member of all) strategy.add(member);
  }

  function pick(): { readonly key: string; readonly call: CallFollower } {
    const member = strategy.pick()!;
    return { key: member.key, call: strategy.follow(member) };
  }

  /** One that is under way. */
  function begin(): { readonly key: string; readonly call: CallFollower } {
    const picked = pick();
    picked.call.started();
    return picked;
  }

  function endBurst(): void {
    for (const callback of deferred.splice(0)) callback();
  }

  /** Calls under way at that instance. */
  function calls(key: string): number {
    return running.filter((each) => each.key === key).length;
  }

  let running: { readonly key: string; readonly call: CallFollower }[];

  beforeEach(() => {
    deferred = [];
    running = [];
  });

  it('has nobody to pick when it is empty', () => {
    start([]);
    expect(strategy.pick()).to.equal(undefined);
  });

  for (const weights of [[1, 1, 1], [100, 1, 1, 1, 1, 1, 1, 1], Array.from({ length: 26 }, (_, i) => 1 + i * i)]) {
    for (const started of [true, false]) {
      it(`leaves nobody idle after ${weights.length} calls in one burst, weights ${weights.slice(0, 3).join()}…, ${started ? 'begun' : 'not yet begun'}`, () => {
        for (let seed = 0; seed < 50; seed++) {
          start(weights, seededRandom(seed));
          const picked = new Set(weights.map(() => (started ? begin() : pick()).key));
          expect(picked.size).to.equal(weights.length);
          deferred = [];
        }
      });
    }
  }

  it('leaves nobody idle after a burst on top of calls under way', () => {
    for (let seed = 0; seed < 50; seed++) {
      start([50, 20, 1, 1, 1], seededRandom(seed));
      const busy = new Set(Array.from({ length: 3 }, () => begin().key));
      endBurst();
      for (let i = 0; i < 5; i++) busy.add(pick().key);
      expect(busy.size).to.equal(5);
      endBurst();
    }
  });

  it('takes the longest idle first', () => {
    start([1, 1, 1, 1], () => 0);
    // Chance draws nobody but a.
    const first = Array.from({ length: 4 }, begin);
    expect(first.map(({ key }) => key).join('')).to.equal('abcd');
    endBurst();
    for (const key of ['c', 'b', 'd']) first.find((each) => each.key === key)!.call.ended();
    expect(Array.from({ length: 3 }, () => begin().key).join('')).to.equal('cbd');
  });

  it('follows the weights while there are no calls but one at a time', () => {
    start([6, 3, 1]);
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 10_000; i++) {
      const { key, call } = begin();
      counts[key]!++;
      endBurst();
      call.ended();
    }
    expect(counts.a).to.be.within(5800, 6200);
    expect(counts.b).to.be.within(2800, 3200);
    expect(counts.c).to.be.within(880, 1120);
  });

  it('keeps the calls under way in proportion to the weights', () => {
    start([60, 30, 10]);
    for (let i = 0; i < 5000; i++) {
      running.push(begin());
      endBurst();
      if (running.length > 100) running.shift()!.call.ended();
    }
    expect(calls('a')).to.be.within(55, 65);
    expect(calls('b')).to.be.within(26, 34);
    expect(calls('c')).to.be.within(8, 12);
  });

  it('sends less to a slow instance', () => {
    start([1, 1, 1, 1]);
    const slow: CallFollower[] = [];
    const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
    for (let i = 0; i < 4000; i++) {
      const { key, call } = begin();
      counts[key]!++;
      endBurst();
      if (key !== 'a') call.ended();
      else if (slow.push(call) > 3) slow.shift()!.ended();
    }
    expect(counts.a).to.be.below(100);
    expect(counts.b).to.be.above(1000);
  });

  it('compares as many as it is told to', () => {
    // Of ten busy instances one has far fewer calls: the more are drawn, the more often it is among them.
    const found = [2, 10].map((choiceCount) => {
      start(Array.from({ length: 10 }, () => 1), seededRandom(4), choiceCount);
      running = Array.from({ length: 200 }, () => {
        const begun = begin();
        endBurst();
        return begun;
      });
      for (const { call } of running.filter(({ key }) => key === 'e').slice(1)) call.ended();
      return Array.from({ length: 200 }, () => {
        const member = strategy.pick()!;
        return member.key;
      }).filter((key) => key === 'e').length;
    });
    // 1 - 0.9 ** 2 and 1 - 0.9 ** 10 of the draws.
    expect(found[0]).to.be.within(20, 60);
    expect(found[1]).to.be.within(110, 155);
  });

  describe('of a picked call', () => {
    /** Whether the only instance of weight that is drawn counts as busy: then an idle one is taken. */
    function isBusy(): boolean {
      return strategy.pick()!.key !== 'a';
    }

    beforeEach(() => {
      start([1, 1], () => 0);
    });

    it('counts it at once', () => {
      pick();
      expect(isBusy()).to.equal(true);
    });

    it('forgets it after the burst if it never began', () => {
      pick();
      endBurst();
      expect(isBusy()).to.equal(false);
    });

    it('counts it until it ends if it began', () => {
      const { call } = begin();
      endBurst();
      expect(isBusy()).to.equal(true);
      call.ended();
      expect(isBusy()).to.equal(false);
    });

    it('counts it again if it begins late', () => {
      const { call } = pick();
      endBurst();
      call.started();
      expect(isBusy()).to.equal(true);
      call.ended();
      expect(isBusy()).to.equal(false);
    });

    it('counts it once, whatever is said twice', () => {
      const { call } = begin();
      call.started();
      endBurst();
      call.ended();
      call.ended();
      expect(isBusy()).to.equal(false);
      const other = begin();
      expect(isBusy()).to.equal(true);
      other.call.ended();
    });

    it('waits with one timer for a whole burst', () => {
      pick();
      pick();
      expect(deferred).to.have.length(1);
      endBurst();
      pick();
      expect(deferred).to.have.length(1);
    });
  });

  describe('when an instance is away', () => {
    let calls: Map<string, CallFollower>;

    /** Chance draws nobody but the first one that is there. */
    function busy(...weights: number[]): void {
      start(weights, () => 0);
      calls = new Map(weights.map(() => begin()).map(({ key, call }) => [key, call]));
      endBurst();
    }

    it('does not pick it, idle or not', () => {
      busy(1, 1, 1);
      calls.get('b')!.ended();
      strategy.remove(all[1]!);
      strategy.remove(all[1]!);
      strategy.remove(all[2]!);
      calls.get('c')!.ended();
      expect(strategy.size).to.equal(1);
      expect(Array.from({ length: 3 }, () => pick().key)).to.deep.equal(['a', 'a', 'a']);
    });

    it('knows its calls when it is back', () => {
      busy(1, 1, 1);
      strategy.remove(all[2]!);
      strategy.add(all[2]!);
      strategy.add(all[2]!);
      expect(strategy.size).to.equal(3);
      expect([pick().key, pick().key], 'while nobody is idle').to.deep.equal(['a', 'a']);
      calls.get('c')!.ended();
      expect(pick().key).to.equal('c');
    });

    it('knows what ended meanwhile', () => {
      busy(1, 1, 1);
      strategy.remove(all[2]!);
      calls.get('c')!.ended();
      strategy.add(all[2]!);
      expect(pick().key).to.equal('c');
    });
  });

  it('takes another weight for true at once', () => {
    start([1, 1], () => 0.4);
    expect(strategy.pick()!.key).to.equal('a');
    all[1]!.weight = 9;
    strategy.reweigh(all[1]!);
    expect(strategy.pick()!.key).to.equal('b');
  });
});
