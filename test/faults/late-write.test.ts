import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import { startEtcd } from '../support/etcd.js';
import { poll } from '../support/poll.js';
import { openRawEtcd } from '../support/raw-etcd.js';

describe('a write that was given up with a frozen member, and is carried out when that thaws', function () {
  this.timeout(60_000);

  it('brings no deregistered record back to stay', async () => {
    const etcd = await startEtcd({ clusterSize: 3 });
    const raw = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints, ttl: 2 });
    try {
      await backend.registry.register({ service: 's', address: '10.0.0.1:1' });
      const goes = await backend.registry.register({ service: 's', address: '10.0.0.1:2' });
      const frozen = etcd.members.find(({ endpoint }) => endpoint === backend.registry.status.member)!;
      const others = openRawEtcd(etcd, { endpoints: etcd.members.filter((member) => member !== frozen).map(({ endpoint }) => endpoint) });
      frozen.pause();
      const updating = goes.update({ weight: 7 }).catch(() => undefined);
      await goes.deregister();
      await updating;
      expect((await others.list('/rollcall/s/')).map(({ key }) => key)).to.deep.equal(['/rollcall/s/10.0.0.1:1']);
      frozen.resume();
      // What it held back comes before it serves anything again.
      const thawed = openRawEtcd(etcd, { endpoints: [frozen.endpoint] });
      await poll('the member to serve again', async () => (await thawed.list('/rollcall/s/')).length > 0);
      await poll('the other one alone, whatever came back', async () => {
        const keys = async (): Promise<string> => (await raw.list('/rollcall/')).map(({ key }) => key).join();
        return (await keys()) === '/rollcall/s/10.0.0.1:1';
      }, 5_000);
      for (const each of [others, thawed]) each.close();
    } finally {
      await backend.close();
      raw.close();
      await etcd.stop();
    }
  });
});
