import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'chai';

import { CalledService } from '../support/grpc/called-service.js';
import { policies } from '../support/grpc/policies.js';
import { poll } from '../support/poll.js';
import { Replicas } from '../support/grpc/replicas.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

/** How long news of a server may take to reach every client, in milliseconds: what `serve` waits for on its way out. */
const propagationMs = 300;

const loops = 10;

const retrying = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: { maxAttempts: 3, initialBackoff: '0.01s', maxBackoff: '0.1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] },
    },
  ],
};

describe('one of three servers that is killed (-9) under calls', function () {
  this.timeout(60_000);

  for (const policy of policies) {
    describe(`with ${policy.name}`, () => {
      it('takes down with it the calls that were under way there, none with a retry policy, and is called again within one propagation of its return', async () => {
        const url = (await sharedEtcd()).url({ prefix: ownPrefix() });
        await using replicas = new Replicas(url, 'crashing');
        // Kept for a while, so that there is always something under way.
        const start = (id: string) => replicas.start({ id, holdMs: 20 });
        const [first] = await Promise.all(['a', 'b', 'c'].map(start));
        const victim = first!;
        await using service = await CalledService.open(url, 'crashing');
        const plain = service.callIn({ loops }, policy);
        const retried = service.callIn({ loops }, policy, retrying);
        const callers = [plain, retried];
        await poll('calls everywhere', () => callers.every((calls) => [...calls.countByServer().values()].filter((count) => count >= 20).length === 3));

        // A server that dies in the middle of an answer fails that call under any policy: one whose answer has begun is never tried again (gRFC A6).
        // Here it dies with many calls under way, and none of them answered by half.
        await victim.fallSilent();
        const crashed = await victim.crash();
        await wait(1000);
        const back = await start('a');
        const returned = back.servers[0]!.at;
        const calledAgain = await poll('its first call', () => callers.every((calls) => calls.countByServer().has(back.name)) && Date.now());
        await Promise.all(callers.map((calls) => calls.stop()));

        expect(retried.failed.slice(0, 3), 'failed with a retry policy').to.deep.equal([]);
        expect(plain.failed.length, 'failed without one').to.be.within(1, loops);
        for (const { peer, status, startedAt, endedAt } of plain.failed) {
          expect(peer, 'where the failed call had been sent').to.equal(victim.address);
          expect(status).to.match(/^14 UNAVAILABLE/);
          expect(startedAt - crashed, 'begun so long after the crash').to.be.below(propagationMs);
          expect(endedAt - crashed, 'over so long after the crash').to.be.below(propagationMs);
        }
        expect(calledAgain - returned, 'called again so long after its return').to.be.below(propagationMs);
      });
    });
  }
});
