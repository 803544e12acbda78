import { KeySampler } from '../../../test/support/key-sampler.js';
import { keyOf, servicePrefix, ttl } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { lead, placeOwner, placeWatcher, rawAt } from '../world/cluster.js';
import { deletionsSince } from '../world/history.js';
import { openStage, recordOf } from '../world/stage.js';
import { missing, now, sample, untilShown } from '../world/timing.js';

const own = '127.0.0.1:8000';
const added = '10.1.0.1:80';

/** The member that both the owner and the watcher use falls silent and its connections stay open. */
function silentMember(name: string, fault: string, how: 'frozen' | 'blackholed'): Scenario {
  return {
    name,
    fault,
    test: 'member',
    lane: 'cluster',
    async run(client, undo) {
      const stage = await openStage(undo, { clusterSize: 3 });
      const { etcd } = stage;
      const owner = await placeOwner(client, stage, undo, own);
      const { member } = owner;
      const watcher = await placeWatcher(client, stage, undo, member);
      const other = (member + 1) % 3;
      // A follower, so that no election stands between the change and its being stored.
      await lead(etcd, other);
      const raw = undo.add(rawAt(etcd, other), (each) => each.close());
      const revision = await raw.revision();
      const sampler = new KeySampler(raw, servicePrefix);

      const since = now();
      if (how === 'frozen') etcd.members[member]?.pause();
      else for (const { lines } of [owner, watcher]) lines[member]?.proxy.blackhole();
      await raw.put(keyOf(added), recordOf(added));
      const { shown } = watcher;
      const [seen] = await Promise.all([untilShown(shown, () => shown.addresses.has(added), now()), sample(sampler, keyOf(own), 3 * ttl * 1000)]);
      const deletions = await deletionsSince(raw, revision);
      etcd.resume();
      return {
        'a change through another member → the watcher shows it': seen,
        'samples (every 100 ms) without our registration': missing(sampler, keyOf(own), since),
        'times that etcd deleted it, though its owner lives': { count: deletions.get(keyOf(own)) ?? 0 },
      };
    },
  };
}

export const frozen = silentMember('frozen', 'the member in use frozen (SIGSTOP), three members', 'frozen');
export const blackholed = silentMember('blackholed', 'the member in use blackholed (connections open, nothing passes), three members', 'blackholed');
