import { setTimeout as wait } from 'node:timers/promises';

import { KeySampler } from '../../../test/support/key-sampler.js';
import { keyOf, servicePrefix } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { falseDeletions } from '../world/history.js';
import { addresses, connect, openStage, putMany, recordOf } from '../world/stage.js';
import { equal, missing, now, sample, thereToStay, untilShown } from '../world/timing.js';

const own = '127.0.0.1:8000';

export const killed: Scenario = {
  name: 'killed',
  fault: 'etcd killed (-9) for 8 s, started again; one record added and one removed right then',
  test: 'outage',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const others = addresses(20);
    await putMany(raw, others);
    const since = await raw.revision();
    const owner = await connect(client, undo, { endpoints: etcd.endpoints });
    await owner.register(own);
    const watcher = await connect(client, undo, { endpoints: etcd.endpoints });
    const shown = await watcher.watch();

    await etcd.kill();
    await wait(8000);
    await etcd.restart();
    const answering = now();
    const sampler = new KeySampler(raw, servicePrefix);
    const [removed, ...kept] = others;
    const added = '10.1.0.1:80';
    await raw.put(keyOf(added), recordOf(added));
    await raw.delete(keyOf(removed ?? ''));
    const truth = new Set([...kept, added]);
    // Our own registration is a question of its own: it may be on its way back.
    const isTrue = (): boolean => !shown.stale && equal(new Set([...shown.addresses].filter((each) => each !== own)), truth);
    const [live] = await Promise.all([untilShown(shown, isTrue, answering), sample(sampler, keyOf(own), 10_000)]);
    return {
      'etcd answers again → the watcher shows the true state': live,
      'etcd answers again → our registration is there to stay': thereToStay(sampler, keyOf(own), answering),
      'samples (every 100 ms) without our registration after it': missing(sampler, keyOf(own), answering),
      'deletions shown that never happened': { count: await falseDeletions(raw, shown, since) },
    };
  },
};
