import { setTimeout as wait } from 'node:timers/promises';

import { startProxy } from '../../../test/support/proxy.js';
import { keyOf } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { addresses, connect, openStage, putMany } from '../world/stage.js';
import { equal, now, untilShown } from '../world/timing.js';

export const compacted: Scenario = {
  name: 'compacted',
  fault: 'connection cut for 3 s; 10 of 20 instances deleted, 5 new ones, the history compacted meanwhile',
  test: 'backlog',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const proxy = undo.add(await startProxy(etcd.endpoints[0] ?? ''), (each) => each.close());
    const [staying, dying, coming] = [addresses(10), addresses(10, 1), addresses(5, 2)];
    await putMany(raw, [...staying, ...dying]);
    const watcher = await connect(client, undo, { endpoints: [proxy.address] });
    const shown = await watcher.watch();

    const cut = now();
    proxy.cut();
    for (const address of dying) await raw.delete(keyOf(address));
    await putMany(raw, coming);
    await raw.compact();
    await wait(Math.max(0, cut + 3000 - now()));
    proxy.restore();
    const restored = now();
    const truth = new Set([...staying, ...coming]);
    const [gone, all] = await Promise.all([
      untilShown(shown, () => dying.every((address) => !shown.addresses.has(address)), restored),
      untilShown(shown, () => !shown.stale && equal(shown.addresses, truth), restored),
    ]);
    return { 'connection back → the dead are gone': gone, 'connection back → the watcher shows the true state': all };
  },
};
