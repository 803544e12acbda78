import { setTimeout as wait } from 'node:timers/promises';

import type { Etcd } from '../../../test/support/etcd.js';
import { type Proxy, startProxy } from '../../../test/support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../../../test/support/raw-etcd.js';
import { type Client, type Connection, keyOf, ttl, type WatchedService } from '../clients/client.js';
import { type Relay, startRelay } from './relay.js';
import { recordOf, type Stage } from './stage.js';
import type { Teardown } from '../../support/teardown.js';
import { untilShown, now } from './timing.js';

/** One connection's own way to one member: what passes is counted, and it can be blackholed. */
interface Line {
  readonly relay: Relay;
  readonly proxy: Proxy;
}

/** A connection, and the member that it was seen to use. */
export interface Placed {
  readonly connection: Connection;
  readonly lines: readonly Line[];
  readonly member: number;
}

async function openLines(etcd: Etcd, undo: Teardown): Promise<Line[]> {
  return Promise.all(
    etcd.endpoints.map(async (endpoint) => {
      const relay = undo.add(await startRelay(endpoint), (each) => each.close());
      const proxy = undo.add(await startProxy(relay.address), (each) => each.close());
      return { relay, proxy };
    }),
  );
}

/** The line over which most passed while something was done. */
async function busiest(lines: readonly Line[], act: () => Promise<unknown>): Promise<number> {
  const before = lines.map(({ relay }) => relay.bytes);
  await act();
  const passed = lines.map(({ relay }, index) => relay.bytes - (before[index] ?? 0));
  return passed.indexOf(Math.max(...passed));
}

/** Registers an address, and finds out which member its keepalives go to. */
export async function placeOwner(client: Client, { etcd }: Stage, undo: Teardown, address: string): Promise<Placed> {
  const lines = await openLines(etcd, undo);
  const connection = undo.add(await client.connect({ endpoints: lines.map(({ proxy }) => proxy.address) }), (each) => each.close());
  await connection.register(address);
  await wait(500);
  // Nothing but keepalives passes now; one falls into each third of the TTL.
  const member = await busiest(lines, () => wait((ttl * 1000) / 3 + 200));
  return { connection, lines, member };
}

/** Connects until the watch is on that member, which is a matter of chance. */
export async function placeWatcher(client: Client, { etcd, raw }: Stage, undo: Teardown, member: number): Promise<Placed & { readonly shown: WatchedService }> {
  for (let attempt = 1; attempt <= 30; attempt++) {
    const lines = await openLines(etcd, undo);
    const connection = await client.connect({ endpoints: lines.map(({ proxy }) => proxy.address) });
    const shown = await connection.watch();
    const probe = `10.9.9.${attempt}:80`;
    const used = await busiest(lines, async () => {
      await raw.put(keyOf(probe), recordOf(probe));
      await untilShown(shown, () => shown.addresses.has(probe), now());
    });
    if (used === member) {
      undo.add(connection, (each) => each.close());
      return { connection, lines, member, shown };
    }
    await connection.close();
  }
  throw new Error(`${client.name} never used member ${member}`);
}

/** etcd as one member alone sees it. */
export function rawAt(etcd: Etcd, member: number): RawEtcd {
  return openRawEtcd(etcd, { endpoints: etcd.endpoints.slice(member, member + 1) });
}

/** Has that member lead, and lets a round of keepalives pass: with the change of leader every lease began anew. */
export async function lead(etcd: Etcd, member: number): Promise<void> {
  const raws = etcd.members.map((_, index) => rawAt(etcd, index));
  try {
    const statuses = await Promise.all(raws.map((raw) => raw.client.maintenance.status()));
    const ids = statuses.map(({ header }) => header.member_id);
    const leader = statuses[0]?.leader;
    const wanted = ids[member];
    if (leader === wanted || leader === undefined || wanted === undefined) return;
    await raws[ids.indexOf(leader)]?.client.maintenance.moveLeader({ targetID: wanted });
    await wait((ttl * 1000) / 3 + 200);
  } finally {
    for (const raw of raws) raw.close();
  }
}
