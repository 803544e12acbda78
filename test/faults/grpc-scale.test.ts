import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'chai';

import { RingHashConfig } from '../../src/grpc/balancer/ring-hash-config.js';
import { RingHashStrategy } from '../../src/grpc/balancer/ring-hash-strategy.js';
import type { Member } from '../../src/grpc/balancer/strategy.js';
import type { CallLoops } from '../support/grpc/call-loops.js';
import { CalledService } from '../support/grpc/called-service.js';
import { hashed, hashedKey, policies } from '../support/grpc/policies.js';
import { type Replica, Replicas } from '../support/grpc/replicas.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

/** How far the busiest and the idlest of 50 equal instances may be from the mean, each as a part of it, by policy. */
const bounds: Readonly<Record<string, readonly [least: number, most: number]>> = {
  rollcall_round_robin: [0.9, 1.1],
  rollcall_weighted_round_robin: [0.9, 1.1],
  // Chance has a say in these: of two choices; of where the instances stand on the ring.
  rollcall_least_request: [0.5, 1.5],
  rollcall_ring_hash: [0.2, 3],
};

/** The first call that each server answered, by its name: when it began. */
function firstCalls(calls: CallLoops): Map<string, number> {
  const first = new Map<string, number>();
  for (const { by, startedAt } of calls.answered) first.set(by, Math.min(first.get(by) ?? Infinity, startedAt));
  return first;
}

/** Whom the ring of all servers gives each key to. A server that owns a key there owns it beside fewer others too. */
function ringOwner(servers: Replica['servers']): (key: string) => string {
  const ring = new RingHashStrategy<Member & { readonly name: string }>(new RingHashConfig(hashedKey), () => 0);
  for (const [order, { address, name }] of servers.entries()) ring.add({ key: address, weight: 100, order, name });
  return (key) => ring.pick({ metadata: hashed(key), extraPickInfo: {} })!.name;
}

describe('a service that grows from 2 to 50 servers and shrinks again while it is called', function () {
  this.timeout(60_000);

  it('fails no call, and gives each newcomer its share within 1 s, under every policy', async () => {
    const url = (await sharedEtcd()).url({ prefix: ownPrefix() });
    await using replicas = new Replicas(url, 'scaling');
    const initial = await replicas.start({ servers: 2 });
    await using service = await CalledService.open(url, 'scaling');
    const callers = policies.map((policy) => ({ policy, calls: service.callIn({ loops: 10 }, policy) }));

    const joined = await Promise.all(Array.from({ length: 4 }, () => replicas.start({ servers: 12 })));
    const newcomers = joined.flatMap(({ servers }) => servers);
    const settled = Math.max(...newcomers.map(({ at }) => at)) + 1000;
    // Long enough for about a hundred calls to each: with twenty, chance alone takes the busiest of fifty half as far again from the mean.
    const counted = settled + 8000;
    await wait(counted - Date.now());
    expect(await Promise.all(joined.map((replica) => replica.leave()))).to.deep.equal([0, 0, 0, 0]);
    // Those that are left go on.
    await wait(300);
    await Promise.all(callers.map(({ calls }) => calls.stop()));

    for (const { policy, calls } of callers) {
      expect(calls.failed.slice(0, 3), policy.name).to.deep.equal([]);
      const first = firstCalls(calls);
      const shares = calls.countByServer(settled, counted);
      if (policy.name === 'rollcall_ring_hash') {
        // A newcomer's first call is the first with a key of its own: from 1 s on each of those is its.
        const ownerOf = ringOwner([...initial.servers, ...newcomers]);
        const knownAt = new Map(newcomers.map(({ name, at }) => [name, at + 1000]));
        const strayed = calls.answered.filter(({ key, by, startedAt }) => startedAt < counted && startedAt >= (knownAt.get(ownerOf(key)) ?? Infinity) && by !== ownerOf(key));
        expect(strayed.slice(0, 3), 'calls with a key of a newcomer that went to another').to.deep.equal([]);
      } else {
        for (const { name, at } of newcomers) expect((first.get(name) ?? Infinity) - at, `ms until ${name} got a call under ${policy.name}`).to.be.below(1000);
      }
      const total = [...shares.values()].reduce((sum, count) => sum + count, 0);
      const [least, most] = bounds[policy.name]!;
      expect(shares.size, `servers in use under ${policy.name}`).to.equal(50);
      for (const [name, count] of shares) expect((count * 50) / total, `calls of ${name} by the mean, under ${policy.name}, of ${total}`).to.be.within(least, most);
    }
  });
});
