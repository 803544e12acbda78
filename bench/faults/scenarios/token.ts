import { setTimeout as wait } from 'node:timers/promises';

import { startProxy } from '../../../test/support/proxy.js';
import { keyOf } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { addresses, connect, openStage, putMany, recordOf } from '../world/stage.js';
import { equal, now, untilShown, untilTrue } from '../world/timing.js';

const own = '127.0.0.1:8000';

export const token: Scenario = {
  name: 'token',
  fault: 'connection cut for 8 s, the authentication token expired meanwhile (--auth-token-ttl 2); one record added and one removed',
  test: 'credentials',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo, { auth: true, args: ['--auth-token-ttl=2'] });
    const proxy = undo.add(await startProxy(etcd.endpoints[0] ?? ''), (each) => each.close());
    const reach = { endpoints: [proxy.address], user: etcd.users?.limited };
    const others = addresses(20);
    await putMany(raw, others);
    const owner = await connect(client, undo, reach);
    await owner.register(own);
    const watcher = await connect(client, undo, reach);
    const shown = await watcher.watch();

    proxy.cut();
    await wait(8000);
    const [removed, ...kept] = others;
    const added = '10.1.0.1:80';
    await raw.put(keyOf(added), recordOf(added));
    await raw.delete(keyOf(removed ?? ''));
    const truth = new Set([...kept, added]);
    proxy.restore();
    const restored = now();
    const [live, present] = await Promise.all([
      untilShown(shown, () => !shown.stale && equal(new Set([...shown.addresses].filter((each) => each !== own)), truth), restored),
      untilTrue(async () => (await raw.get(keyOf(own))) !== undefined, restored),
    ]);
    return { 'connection back → the watcher shows the true state': live, 'connection back → our registration, expired meanwhile, is there': present };
  },
};
