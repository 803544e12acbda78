import { KeySampler } from '../../../test/support/key-sampler.js';
import { keyOf, servicePrefix, ttl } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { lead, placeOwner, placeWatcher, rawAt } from '../world/cluster.js';
import { deletionsSince } from '../world/history.js';
import { openStage, recordOf } from '../world/stage.js';
import { missing, now, sample, untilShown, untilTrue } from '../world/timing.js';

const own = '127.0.0.1:8000';
const added = '10.1.0.1:80';

export const leader: Scenario = {
  name: 'leader',
  fault: 'the leader, which is the member in use, killed (-9), three members',
  test: 'quorum',
  lane: 'cluster',
  async run(client, undo) {
    const stage = await openStage(undo, { clusterSize: 3 });
    const { etcd } = stage;
    const { member } = await placeOwner(client, stage, undo, own);
    const { shown } = await placeWatcher(client, stage, undo, member);
    await lead(etcd, member);
    const raw = undo.add(rawAt(etcd, (member + 1) % 3), (each) => each.close());
    const revision = await raw.revision();
    const sampler = new KeySampler(raw, servicePrefix);

    const since = now();
    await etcd.members[member]?.kill();
    // Refused until the others have elected one.
    await untilTrue(async () => {
      await raw.put(keyOf(added), recordOf(added));
      return true;
    }, since);
    const stored = now();
    const [seen] = await Promise.all([untilShown(shown, () => shown.addresses.has(added), stored), sample(sampler, keyOf(own), 2 * ttl * 1000)]);
    const deletions = await deletionsSince(raw, revision);
    return {
      'the first change after it is stored → the watcher shows it': seen,
      'samples (every 100 ms) without our registration': missing(sampler, keyOf(own), since),
      'times that etcd deleted it, though its owner lives': { count: deletions.get(keyOf(own)) ?? 0 },
    };
  },
};
