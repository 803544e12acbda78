import { setTimeout as wait } from 'node:timers/promises';

import { startProxy } from '../../../test/support/proxy.js';
import type { Scenario } from '../scenario.js';
import { addresses, connect, openStage, putMany } from '../world/stage.js';
import { now, untilShown } from '../world/timing.js';

export const largeBacklog: Scenario = {
  name: 'large-backlog',
  fault: 'connection cut for 3 s with 6 MB of new records meanwhile (1,000 of 6 kB)',
  test: 'large',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const proxy = undo.add(await startProxy(etcd.endpoints[0] ?? ''), (each) => each.close());
    const watcher = await connect(client, undo, { endpoints: [proxy.address] });
    const shown = await watcher.watch();

    const cut = now();
    proxy.cut();
    const all = addresses(1000);
    await putMany(raw, all, 'x'.repeat(6000));
    await wait(Math.max(0, cut + 3000 - now()));
    proxy.restore();
    const live = await untilShown(shown, () => !shown.stale && shown.addresses.size === all.length, now());
    return {
      'connection back → all are shown': live,
      'records missing in the end': { count: all.length - shown.addresses.size, of: all.length },
    };
  },
};
