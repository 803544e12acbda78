import type { Scenario } from '../scenario.js';
import { addresses, connect, openStage, putMany } from '../world/stage.js';
import { now } from '../world/timing.js';

export const largeService: Scenario = {
  name: 'large-service',
  fault: 'a service of 20,000 instances',
  test: 'large',
  lane: 'alone',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const all = addresses(20_000);
    await putMany(raw, all);
    const started = now();
    const watcher = await connect(client, undo, { endpoints: etcd.endpoints });
    const shown = await watcher.watch();
    return {
      'connecting → the first snapshot': { ms: now() - started },
      'instances missing in it': { count: all.length - shown.addresses.size, of: all.length },
    };
  },
};
