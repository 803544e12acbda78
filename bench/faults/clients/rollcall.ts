import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import type { ServiceInstance } from '../../../src/core/index.js';
import { type Client, service, ttl } from './client.js';
import { ShownService } from './shown-service.js';

const addressesOf = (instances: readonly ServiceInstance[]): string[] => instances.map(({ address }) => address);

/** This library, with its defaults. */
export const rollcall: Client = {
  name: 'rollcall',
  async connect({ endpoints, user }) {
    const backend = await connectEtcd({ endpoints, ttl, ...user });
    return {
      async register(address) {
        await backend.registry.register({ service, address });
      },
      watch() {
        const shown = new ShownService();
        const watch = backend.discovery.watch(service);
        return new Promise((resolve) => {
          watch.subscribe(({ status, added, removed }) => {
            shown.change({ added: addressesOf(added), removed: addressesOf(removed), stale: status === 'stale' });
            resolve(shown);
          });
        });
      },
      close: () => backend.close(),
    };
  },
};
