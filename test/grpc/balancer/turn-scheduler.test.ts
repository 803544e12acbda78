import { expect } from 'chai';

import type { Member } from '../../../src/grpc/balancer/strategy.js';
import { TurnScheduler } from '../../../src/grpc/balancer/turn-scheduler.js';

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
