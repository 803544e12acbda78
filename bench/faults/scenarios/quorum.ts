import { keyOf } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { placeWatcher } from '../world/cluster.js';
import { openStage, recordOf } from '../world/stage.js';
import { now, untilShown } from '../world/timing.js';

const added = '10.1.0.1:80';

export const quorum: Scenario = {
  name: 'quorum',
  fault: 'two of three members killed, not the one in use: no quorum; then back',
  test: 'quorum',
  lane: 'cluster',
  async run(client, undo) {
    const stage = await openStage(undo, { clusterSize: 3 });
    const { etcd, raw } = stage;
    const { shown, member } = await placeWatcher(client, stage, undo, 0);
    const others = etcd.members.filter((_, index) => index !== member);

    const since = now();
    await Promise.all(others.map((each) => each.kill()));
    const told = await untilShown(shown, () => shown.stale, since);

    await Promise.all(others.map((each) => each.start()));
    await etcd.ready();
    const back = now();
    await raw.put(keyOf(added), recordOf(added));
    const live = await untilShown(shown, () => !shown.stale && shown.addresses.has(added), back);
    return { 'quorum lost → the watcher says that it may be wrong': told, 'quorum back → the watcher shows the true state': live };
  },
};
