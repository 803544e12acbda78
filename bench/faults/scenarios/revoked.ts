import { setTimeout as wait } from 'node:timers/promises';

import { keyOf, ttl } from '../clients/client.js';
import type { Scenario } from '../scenario.js';
import { connect, openStage } from '../world/stage.js';
import { now, untilTrue } from '../world/timing.js';

const own = '127.0.0.1:8000';

export const revoked: Scenario = {
  name: 'revoked',
  fault: 'the lease revoked by an operator, halfway between two keepalives',
  test: 'revoked',
  lane: 'single',
  async run(client, undo) {
    const { etcd, raw } = await openStage(undo);
    const owner = await connect(client, undo, { endpoints: etcd.endpoints });
    await owner.register(own);
    await wait((ttl * 1000) / 2);
    const record = await raw.get(keyOf(own));
    await raw.revoke(record?.lease ?? '');
    const since = now();
    return { 'revoked → registered again': await untilTrue(async () => (await raw.get(keyOf(own))) !== undefined, since) };
  },
};
