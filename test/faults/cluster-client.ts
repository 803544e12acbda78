import { connectEtcd, type EtcdOptions } from '../../src/adapters/etcd/index.js';
import type { Backend } from '../../src/core/index.js';
import type { Etcd } from '../support/etcd.js';
import { type Proxy, startProxy } from '../support/proxy.js';

/**
 * A connection to a cluster with proxies of its own, one in front of each member: it alone can be cut off from a member,
 * and made to use a certain one. Members are named by their place in `etcd.members`.
 */
export class ClusterClient implements AsyncDisposable {
  readonly backend: Backend;
  readonly proxies: readonly Proxy[];

  private constructor(backend: Backend, proxies: readonly Proxy[]) {
    this.backend = backend;
    this.proxies = proxies;
  }

  static async connect(etcd: Etcd, options: Partial<EtcdOptions> = {}): Promise<ClusterClient> {
    const proxies = await Promise.all(etcd.endpoints.map((endpoint) => startProxy(endpoint)));
    const backend = await connectEtcd({ ...options, endpoints: proxies.map(({ address }) => address) });
    return new ClusterClient(backend, proxies);
  }

  /** The member in use; `undefined` while there is none. */
  get member(): number | undefined {
    const { member } = this.backend.discovery.status;
    const index = this.proxies.findIndex(({ address }) => address === member);
    return index < 0 ? undefined : index;
  }

  /** Makes it use that member, by cutting it off from the others for as long as it takes. It stays there: nothing is wrong with it. */
  async use(member: number): Promise<void> {
    const others = this.proxies.filter((_, index) => index !== member);
    for (const proxy of others) proxy.cut();
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.member !== member) return;
        listening[Symbol.dispose]();
        resolve();
      };
      const listening = this.backend.discovery.subscribe(check);
      check();
    });
    for (const proxy of others) proxy.restore();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.proxies) proxy.restore();
    await this.backend.close();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}
