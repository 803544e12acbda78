import { setTimeout as wait } from 'node:timers/promises';

import { Etcd3, type Lease, type Watcher } from 'etcd3';

import { type Client, keyOf, servicePrefix, ttl } from './client.js';
import { ShownService } from './shown-service.js';

/** What a user who is in no hurry waits before he tries again. */
const pauseMs = 1000;

/**
 * The package `etcd3`, used as its documentation shows and with its defaults: three retries, a circuit breaker per
 * member, an exponential backoff for the watch.
 *
 * It is given what a careful reader of that documentation adds: a lease that was lost, or could not be had, is granted
 * again for ever and the key put again; the watch starts at the revision after the list, so nothing falls between the
 * two; `error` and `end` lead to a new list and a new watch; `disconnected` and `connected` are taken for what they say.
 * It is not given what takes knowledge of its defects: deadlines, pings, another fault policy, a list after each
 * reconnection ("watchers are resilient against disconnections, automatically resubscribing and replaying changes").
 */
export const etcd3: Client = {
  name: 'etcd3',
  connect({ endpoints, user }) {
    const client = new Etcd3({ hosts: endpoints.map((endpoint) => `http://${endpoint}`), ...(user === undefined ? {} : { auth: { ...user } }) });
    const leases = new Set<Lease>();
    let watcher: Watcher | undefined;
    let closed = false;
    const isClosed = (): boolean => closed;

    async function keepRegistered(address: string, stored: () => void): Promise<void> {
      while (!isClosed()) {
        const lease = client.lease(ttl);
        leases.add(lease);
        const lost = new Promise<unknown>((resolve) => lease.on('lost', resolve));
        try {
          await lease.put(keyOf(address)).value(JSON.stringify({ address }));
          stored();
          await lost;
        } catch {
          lease.release();
          await wait(pauseMs);
        }
        leases.delete(lease);
      }
    }

    async function follow(shown: ShownService, records: Map<string, string>): Promise<void> {
      while (!isClosed()) {
        try {
          const { kvs, header } = await client.getAll().prefix(servicePrefix).exec();
          const before = [...records.values()];
          records.clear();
          for (const kv of kvs) records.set(kv.key.toString(), addressOf(kv.value));
          const now = new Set(records.values());
          shown.change({ added: now, removed: before.filter((address) => !now.has(address)), stale: false });
          const watching = await client
            .watch()
            .prefix(servicePrefix)
            .startRevision(String(BigInt(header.revision) + 1n))
            .create();
          watcher = watching;
          await new Promise<void>((resolve) => {
            watching
              .on('put', (kv) => {
                records.set(kv.key.toString(), addressOf(kv.value));
                shown.change({ added: [addressOf(kv.value)] });
              })
              .on('delete', (kv) => {
                const address = records.get(kv.key.toString());
                records.delete(kv.key.toString());
                if (address !== undefined) shown.change({ removed: [address] });
              })
              .on('disconnected', () => shown.change({ stale: true }))
              .on('connected', () => shown.change({ stale: false }))
              .on('error', () => resolve())
              .on('end', () => resolve());
          });
          shown.change({ stale: true });
        } catch {
          shown.change({ stale: true });
          await wait(pauseMs);
        }
      }
    }

    return Promise.resolve({
      register: (address) => new Promise((resolve) => void keepRegistered(address, resolve)),
      watch() {
        const shown = new ShownService();
        return new Promise((resolve) => {
          const first = shown.onChange(() => {
            if (shown.stale) return;
            first[Symbol.dispose]();
            resolve(shown);
          });
          void follow(shown, new Map());
        });
      },
      async close() {
        closed = true;
        // Either may wait for ever for an etcd that is gone; without them, client.close() leaves the streams running.
        await Promise.race([wait(1000), Promise.allSettled([watcher?.cancel(), ...[...leases].map((lease) => lease.revoke())])]);
        client.close();
      },
    });
  },
};

function addressOf(value: Buffer): string {
  return (JSON.parse(value.toString()) as { readonly address: string }).address;
}
