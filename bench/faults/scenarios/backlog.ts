import { setTimeout as wait } from 'node:timers/promises';

import { startProxy } from '../../../test/support/proxy.js';
import { keyOf } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { addresses, connect, eachOf, openStage, putMany, recordOf } from '../world/stage.js';
import { differing, equal, now, untilShown } from '../world/timing.js';

export const backlog: Scenario = {
  name: 'backlog',
  fault: 'connection cut for 3 s with 3,000 revisions meanwhile, then again inside the replay: after 1, 4 and 16 kB',
  test: 'backlog',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const proxy = undo.add(await startProxy(etcd.endpoints[0] ?? ''), (each) => each.close());
    const [old, fresh] = [addresses(1500), addresses(1500, 1)];
    await putMany(raw, old);
    const watcher = await connect(client, undo, { endpoints: [proxy.address] });
    const shown = await watcher.watch();

    const cut = now();
    proxy.cut();
    await eachOf(old, (address) => raw.delete(keyOf(address)));
    await eachOf(fresh, (address) => raw.put(keyOf(address), recordOf(address)));
    await wait(Math.max(0, cut + 3000 - now()));
    const truth = new Set(fresh);
    proxy.restore();
    const restored = now();
    const replay = async (): Promise<void> => {
      for (const bytes of [1000, 4000, 16_000]) await Promise.race([proxy.cutAfter(bytes), wait(5000)]);
      // Also for a client that asked for less than that: from here on everything passes.
      proxy.restore();
    };
    const [live] = await Promise.all([untilShown(shown, () => !shown.stale && equal(shown.addresses, truth), restored), replay()]);
    return {
      'connection back → the watcher shows the true state': live,
      'records wrong in the end (dead ones shown, new ones missing)': { count: differing(shown.addresses, truth), of: 3000 },
    };
  },
};
