import { connectEtcd } from '../../../src/adapters/etcd/index.js';
import type { LayoutName } from '../../../src/adapters/etcd/layouts/names.js';
import type { World } from '../../../src/conformance/index.js';
import type { Backend, InstanceInit, RegisterOptions } from '../../../src/core/index.js';
import { type Proxy, startProxy } from '../../support/proxy.js';
import { openRawEtcd } from '../../support/raw-etcd.js';
import { ownPrefix, sharedEtcd } from '../../support/shared-etcd.js';

/** How records are written: in one layout, or in several at once. */
export interface Form {
  readonly layouts: readonly LayoutName[];
}

/** A prefix of its own in a real etcd; each connection goes through a proxy of its own, so that it alone can be cut. */
export async function etcdWorld({ layouts }: Form): Promise<World> {
  const etcd = await sharedEtcd();
  const whole = ownPrefix();
  const prefixes = layouts.map((layout, index) => `${whole}/${layout}-${index}`);
  const raw = openRawEtcd(etcd);
  const proxies = new Map<Backend, Proxy>();
  const keys = new Map<Backend, Set<string>>();
  const keyOf = ({ service, id, address }: InstanceInit): string => `${prefixes[0]}/${service}/${layouts[0] === 'plain' ? address : (id ?? address)}`;

  /** Remembers what was written through this connection, to know later which leases are its. */
  function remembering(backend: Backend): Backend {
    const register = backend.registry.register.bind(backend.registry);
    const written = new Set<string>();
    keys.set(backend, written);
    backend.registry.register = async (init: InstanceInit, options?: RegisterOptions) => {
      const registration = await register(init, options);
      written.add(keyOf(init));
      return registration;
    };
    return backend;
  }

  return {
    // etcd's shortest lease, with the elections of these tests, is a second.
    ttl: 2,
    patience: 8_000,
    async connect() {
      const proxy = await startProxy(etcd.endpoints[0] as string);
      const backend = await connectEtcd({ endpoints: [proxy.address], prefix: prefixes, layout: layouts, ttl: 2, requestTimeout: 2 });
      proxies.set(backend, proxy);
      return remembering(backend);
    },
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      await raw.deletePrefix(`${whole}/`);
      raw.close();
    },
    async loseLease(backend) {
      const records = await raw.list(`${whole}/`);
      const leases = new Set(records.filter(({ key }) => keys.get(backend)?.has(key) === true).map(({ lease }) => lease));
      for (const lease of leases) await raw.revoke(lease);
    },
    interrupt: (backend) => proxies.get(backend)?.cut(),
    restore: (backend) => proxies.get(backend)?.restore(),
    corrupt: (service, id) => raw.put(`${prefixes[0]}/${service}/${id}`, Buffer.from([0xff, 0x00, 0x7b])),
    // A black hole is what a hung process looks like from outside: connected, silent, deaf.
    freeze: (backend) => proxies.get(backend)?.blackhole(),
    thaw: (backend) => proxies.get(backend)?.restore(),
    leases: async () => (await raw.leases()).length,
  };
}
