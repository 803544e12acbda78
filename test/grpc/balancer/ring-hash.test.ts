import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';

import { murmurHash } from '../../../src/core/murmur-hash.js';
import { HashRing } from '../../../src/grpc/balancer/hash-ring.js';
import { RingHashConfig } from '../../../src/grpc/balancer/ring-hash-config.js';
import { RingHashStrategy } from '../../../src/grpc/balancer/ring-hash-strategy.js';
import type { Member } from '../../../src/grpc/balancer/strategy.js';
import { seededRandom } from '../../support/seeded-random.js';

type WeighedMember = Member & { weight: number };

const keys = Array.from({ length: 4000 }, (_, i) => `user-${i}`);

function members(count: number, weight = 100): WeighedMember[] {
  return Array.from({ length: count }, (_, order) => ({ key: `10.0.0.${order}:8000`, order, weight }));
}

describe('MurmurHash3', () => {
  // https://en.wikipedia.org/wiki/MurmurHash#Algorithm and the vectors of other implementations.
  for (const [text, seed, expected] of [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ] as const) {
    it(`of ${JSON.stringify(text)} with seed ${seed} is 0x${expected.toString(16)}`, () => {
      expect(murmurHash(Buffer.from(text), seed)).to.equal(expected);
    });
  }
});

describe('the ring', () => {
  it('agrees with a sorted list, whoever comes and goes', () => {
    const random = seededRandom(9);
    const ring = new HashRing<{ readonly key: string }>();
    let points: { readonly position: number; readonly owner: { readonly key: string } }[] = [];
    const owners = Array.from('abcdef', (key) => ({ key }));
    // It grows, and shrinks to nothing again; positions are few, so that many coincide.
    for (let step = 0; step < 6000; step++) {
      if (random() < (step < 3000 ? 0.8 : 0.2)) {
        const point = { position: Math.floor(random() * 1000) * 4_294_967, owner: owners[Math.floor(random() * owners.length)]! };
        if (points.some(({ position, owner }) => position === point.position && owner === point.owner)) continue;
        ring.add(point.position, point.owner);
        points.push(point);
      } else {
        const point = points[Math.floor(random() * points.length)];
        if (point === undefined) continue;
        points = points.filter((each) => each !== point);
        ring.delete(point.position, point.owner);
      }
      expect(ring.size).to.equal(points.length);
      if (step % 10 > 0) continue;
      const sorted = [...points].sort((a, b) => a.position - b.position || (a.owner.key < b.owner.key ? -1 : 1));
      for (let probe = 0; probe < 10; probe++) {
        const position = Math.floor(random() * 2 ** 32);
        const expected = sorted.find((point) => point.position >= position) ?? sorted[0];
        expect(ring.ownerAt(position)).to.equal(expected?.owner);
      }
    }
  });

  it('leaves alone what is not there', () => {
    const ring = new HashRing<{ readonly key: string }>();
    ring.delete(1, { key: 'a' });
    expect([ring.size, ring.ownerAt(0)]).to.deep.equal([0, undefined]);
  });
});

describe('the ring hash strategy', () => {
  const config = new RingHashConfig('user-id');

  function strategyOf(all: readonly WeighedMember[], settings = config, limit?: number): RingHashStrategy<WeighedMember> {
    const strategy = new RingHashStrategy<WeighedMember>(settings, () => 0.5, limit);
    for (const member of all) strategy.add(member);
    return strategy;
  }

  function pick(strategy: RingHashStrategy<WeighedMember>, ...values: string[]): string | undefined {
    const metadata = new Metadata();
    for (const value of values) metadata.add('user-id', value);
    return strategy.pick({ metadata, extraPickInfo: {} })?.key;
  }

  function homes(strategy: RingHashStrategy<WeighedMember>): (string | undefined)[] {
    return keys.map((key) => pick(strategy, key));
  }

  function moved(before: readonly unknown[], after: readonly unknown[]): number {
    return before.filter((home, i) => home !== after[i]).length / before.length;
  }

  it('has nobody when it is empty', () => {
    expect(pick(strategyOf([]), 'x')).to.equal(undefined);
  });

  it('sends the calls of one key to one instance, and those of many keys to all', () => {
    const strategy = strategyOf(members(10));
    expect(homes(strategy)).to.deep.equal(homes(strategy));
    expect(new Set(homes(strategy)).size).to.equal(10);
  });

  it('does the same in every process and language', () => {
    // Computed apart from this code, with Python: sorted((murmur3_32(id, i), id) …), bisect by murmur3_32(key, 0).
    const strategy = strategyOf(members(5));
    expect(['user-0', 'user-1', 'user-2', 'user-3', 'user-4'].map((key) => pick(strategy, key))).to.deep.equal(['10.0.0.0:8000', '10.0.0.4:8000', '10.0.0.2:8000', '10.0.0.4:8000', '10.0.0.0:8000']);
  });

  it('does the same in whatever order instances came', () => {
    expect(homes(strategyOf(members(20).reverse()))).to.deep.equal(homes(strategyOf(members(20))));
  });

  it('spreads keys by weight', () => {
    const [light, heavy] = [members(10), members(10)];
    heavy[3]!.weight = 300;
    const share = (all: WeighedMember[]): number => homes(strategyOf(all)).filter((home) => home === '10.0.0.3:8000').length / keys.length;
    expect(share(light)).to.be.within(0.07, 0.13);
    expect(share(heavy)).to.be.within(0.2, 0.3);
  });

  it('moves only the keys that a newcomer takes', () => {
    const all = members(20);
    const strategy = strategyOf(all.slice(0, 19));
    const before = homes(strategy);
    strategy.add(all[19]!);
    const after = homes(strategy);
    expect(moved(before, after)).to.be.within(0.03, 0.07);
    expect(after.filter((home, i) => home !== before[i] && home !== all[19]!.key)).to.deep.equal([]);
  });

  it('moves only the keys of one that goes, to several others, and back when it comes back', () => {
    const all = members(20);
    const strategy = strategyOf(all);
    const before = homes(strategy);
    strategy.remove(all[7]!);
    const without = homes(strategy);
    expect(moved(before, without)).to.be.within(0.03, 0.07);
    expect(before.filter((home, i) => home !== without[i] && home !== all[7]!.key)).to.deep.equal([]);
    expect(new Set(without.filter((home, i) => home !== before[i])).size).to.be.above(8);
    strategy.add(all[7]!);
    expect(homes(strategy)).to.deep.equal(before);
  });

  it('moves only keys to one that grows heavier, and back when it is as before', () => {
    const all = members(20);
    const strategy = strategyOf(all);
    const before = homes(strategy);
    all[4]!.weight = 200;
    strategy.reweigh(all[4]!);
    const heavier = homes(strategy);
    expect(moved(before, heavier)).to.be.within(0.03, 0.07);
    expect(heavier.filter((home, i) => home !== before[i] && home !== all[4]!.key)).to.deep.equal([]);
    all[4]!.weight = 100;
    strategy.reweigh(all[4]!);
    expect(homes(strategy)).to.deep.equal(before);
  });

  it('leaves nobody without a point, however light', () => {
    const all = members(2);
    all[1]!.weight = 1;
    const strategy = strategyOf(all, new RingHashConfig('user-id', 1));
    strategy.remove(all[0]!);
    expect(pick(strategy, 'x')).to.equal(all[1]!.key);
  });

  it('takes more points for closer parts', () => {
    const spread = (replicas: number): number => {
      const counts = new Map<string | undefined, number>();
      for (const home of homes(strategyOf(members(10), new RingHashConfig('user-id', replicas)))) counts.set(home, (counts.get(home) ?? 0) + 1);
      return Math.max(...counts.values()) - Math.min(...counts.values());
    };
    expect(spread(1024)).to.be.below(spread(4) / 4);
  });

  it('has fewer points where the ring would hold too many, the same ones in whatever order instances came', () => {
    const all = members(20);
    const limited = strategyOf(all, config, 400);
    expect(homes(limited)).not.to.deep.equal(homes(strategyOf(all)));
    // 64 points divided by four.
    expect(homes(limited)).to.deep.equal(homes(strategyOf([...all].reverse(), new RingHashConfig('user-id', 16))));
    for (const member of all.slice(5)) limited.remove(member);
    expect(homes(limited), 'below the limit').to.deep.equal(homes(strategyOf(all.slice(0, 5))));
  });

  it('takes several values of a key for one, joined by a comma', () => {
    const strategy = strategyOf(members(10));
    expect(keys.slice(0, 100).map((key) => pick(strategy, key, 'x'))).to.deep.equal(keys.slice(0, 100).map((key) => pick(strategy, `${key},x`)));
  });

  it('sends a call without the key anywhere', () => {
    const random = seededRandom(3);
    const strategy = new RingHashStrategy<WeighedMember>(config, random);
    for (const member of members(5)) strategy.add(member);
    expect(new Set(Array.from({ length: 100 }, () => pick(strategy))).size).to.equal(5);
  });
});
