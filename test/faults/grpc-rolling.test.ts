import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'chai';

import { CalledService } from '../support/grpc/called-service.js';
import { policies } from '../support/grpc/policies.js';
import { type Replica, Replicas } from '../support/grpc/replicas.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';

/** With ROLLCALL_FULL=1 a minute, else as short as six replacements allow. */
const seconds = process.env.ROLLCALL_FULL === '1' ? 60 : 12;
const loops = 40;
const rounds = 2;

describe(`a rolling restart of three servers, each replaced ${rounds} times within about ${seconds} s, under ${loops} closed loops of calls`, function () {
  this.timeout((seconds + 60) * 1000);

  for (const { layout, under } of [
    // Side by side, a channel each: all of them live through the same six replacements.
    { layout: 'rollcall', under: policies },
    { layout: 'plain', under: policies.slice(0, 1) },
  ]) {
    it(`fails no call in layout ${layout}, under ${under.map(({ name }) => name).join(', ')}`, async () => {
      const url = (await sharedEtcd()).url({ prefix: ownPrefix(), query: { layout } });
      await using replicas = new Replicas(url, 'rolling');
      const all: Replica[] = await Promise.all(Array.from({ length: 3 }, () => replicas.start()));
      const present = [...all];
      await using service = await CalledService.open(url, 'rolling');
      const callers = under.map((policy) => ({ policy, calls: service.callIn({ loops }, policy) }));

      const began = performance.now();
      for (let replaced = 1; replaced <= rounds * 3; replaced++) {
        const successor = await replicas.start();
        all.push(successor);
        present.push(successor);
        const old = present.shift()!;
        expect(await old.leave(), `the exit status of a server that left: ${old.program.output}`).to.equal(0);
        await wait(Math.max(0, began + (replaced * seconds * 1000) / (rounds * 3) - performance.now()));
      }
      await Promise.all(callers.map(({ calls }) => calls.stop()));

      for (const { policy, calls } of callers) {
        expect(calls.failed.slice(0, 3), `${calls.failed.length} calls failed and ${calls.answered.length} were answered under ${policy.name}`).to.deep.equal([]);
        // Each of the nine was really in use, so each that left was taken out of use.
        expect([...calls.countByServer().keys()].sort(), policy.name).to.deep.equal(all.map(({ name }) => name).sort());
      }
      if (process.env.ROLLCALL_FULL === '1') console.log(callers.map(({ policy, calls }) => `      ${policy.name}: ${calls.answered.length} calls`).join('\n'));
    });
  }
});
