import { setTimeout as wait } from 'node:timers/promises';

import { Program } from '../../../test/support/program.js';
import { keyOf, ttl } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { connect, openStage, recordOf } from '../world/stage.js';
import { now, untilTrue } from '../world/timing.js';

const own = '127.0.0.1:8000';
const takenOver = '127.0.0.1:8001';
const added = '10.1.0.1:80';

export const suspended: Scenario = {
  name: 'suspended',
  fault: 'the process suspended (SIGSTOP) for 3 × TTL; another one registered one of its two ids meanwhile',
  test: 'process',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const [endpoint = ''] = etcd.endpoints;
    const program = undo.add(new Program('bench/faults/participant.ts', [client.name, endpoint, own, takenOver]), (each) => each[Symbol.asyncDispose]());
    await program.waitFor(/^ready$/m);

    program.signal('SIGSTOP');
    await wait(2 * ttl * 1000);
    // Its lease is gone by now, and so are its records.
    const successor = await connect(client, undo, { endpoints: [endpoint] });
    await successor.register(takenOver);
    const lease = (await raw.get(keyOf(takenOver)))?.lease;
    await raw.put(keyOf(added), recordOf(added));
    await wait(ttl * 1000);
    program.signal('SIGCONT');
    const awake = now();
    const [present, shown] = await Promise.all([
      untilTrue(async () => (await raw.get(keyOf(own))) !== undefined, awake),
      untilTrue(() => program.output.includes(added), awake),
    ]);
    await wait(2000);
    const overwritten = (await raw.get(keyOf(takenOver)))?.lease !== lease;
    return {
      'awake → registered again': present,
      'awake → its own watch shows what changed': shown,
      'records of the successor overwritten by the one that woke': { count: overwritten ? 1 : 0, of: 1 },
    };
  },
};
