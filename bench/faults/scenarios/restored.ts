import { restoreSnapshot, saveSnapshot } from '../../../test/support/etcd-snapshot.js';
import { keyOf } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { addresses, connect, eachOf, openStage, putMany, recordOf } from '../world/stage.js';
import { now, untilShown, untilTrue } from '../world/timing.js';

const own = '127.0.0.1:8000';

export const restored: Scenario = {
  name: 'restored',
  fault: 'etcd restored from a snapshot 200 revisions old; 5 instances and our registration are newer than it',
  test: 'restored',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const [old, later, noise] = [addresses(5), addresses(5, 1), addresses(200, 2)];
    await putMany(raw, old);
    const snapshot = await saveSnapshot(etcd);
    await putMany(raw, later);
    await eachOf(noise, (address) => raw.put(`/elsewhere/${address}`, recordOf(address)));
    const owner = await connect(client, undo, { endpoints: etcd.endpoints });
    await owner.register(own);
    const watcher = await connect(client, undo, { endpoints: etcd.endpoints });
    const shown = await watcher.watch();
    await untilShown(shown, () => shown.addresses.size === 11, now());

    await restoreSnapshot(etcd, snapshot);
    await etcd.restart();
    const answering = now();
    const [gone, present] = await Promise.all([
      untilShown(shown, () => !shown.stale && later.every((address) => !shown.addresses.has(address)), answering),
      untilTrue(async () => (await raw.get(keyOf(own))) !== undefined, answering),
    ]);
    return { 'etcd answers again → the removed instances are gone': gone, 'etcd answers again → our registration is there': present };
  },
};
