import { expect } from 'chai';

import { connectEtcd } from '../../src/adapters/etcd/index.js';
import type { ServiceInstance } from '../../src/core/index.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { openRawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';

describe('when etcd no longer takes our token', function () {
  this.timeout(30_000);
  let etcd: Etcd;

  before(async () => {
    etcd = await startEtcd({ auth: true });
  });

  after(() => etcd.stop());

  it('everything goes on with a new one: reading, writing, watches that were open and watches that are new', async () => {
    const { limited } = etcd.users!;
    const root = openRawEtcd(etcd);
    const backend = await connectEtcd({ endpoints: etcd.endpoints, username: limited.username, password: limited.password });
    const registration = await backend.registry.register({ service: 'a', address: '10.0.0.1:1' });
    const first = async (service: string): Promise<ServiceInstance> => {
      using recording = new WatchRecording(backend.discovery.watch(service));
      const { snapshot } = await recording.until('an instance, live', ({ status, instances }) => status === 'live' && instances.length > 0);
      return snapshot.instances[0]!;
    };
    await first('a');

    // etcd forgets a user's tokens when the password is set, be it to the same one.
    await root.client.auth.userChangePassword({ name: limited.username, password: limited.password });
    expect((await backend.discovery.get('a')).instances).to.have.length(1);
    await registration.update({ weight: 7 });

    await root.client.auth.userChangePassword({ name: limited.username, password: limited.password });
    const watching = first('b');
    await backend.registry.register({ service: 'b', address: '10.0.0.1:2' });
    expect((await watching).address).to.equal('10.0.0.1:2');
    // A newer owner is noticed, so the keys are still guarded.
    const superseded = new StateRecording(registration).until('superseded');
    const other = await connectEtcd({ endpoints: etcd.endpoints, username: limited.username, password: limited.password });
    await other.registry.register({ service: 'a', address: '10.0.0.1:1' });
    await superseded;
    await Promise.all([backend.close(), other.close()]);
    root.close();
  });
});
