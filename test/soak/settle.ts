import { setTimeout as wait } from 'node:timers/promises';

import { poll } from '../support/poll.js';
import type { Report } from './messages.js';
import { requestTimeout } from './participant.js';
import { clients, ttlOf } from './plan.js';
import { compare } from './snapshot-sequence.js';
import { instancesOf, skippedOf } from './snapshot-truth.js';
import { fromRaw, prefix, type StoredRecord } from './stored-record.js';
import type { World } from './world.js';

/** From the moment when nothing is in the way any more until every client is as it should be. */
export const settleMs = 5_000;

/** What died, or closed while etcd was out of reach, takes a TTL longer to go, and a new leader gives each lease an election more. */
export function departedMs(client: string): number {
  return settleMs + ttlOf(client) * 1000 + 1500;
}

interface Problem {
  readonly what: string;
  readonly patienceMs: number;
}

/**
 * Waits for the end of every fault, or lifts them all now, then until everything is as etcd has it, and says what is not so
 * within the bound.
 * @returns how long it took from the end of the last fault, in milliseconds
 */
export async function settle(world: World, early: boolean, broken: (what: string) => void): Promise<number> {
  if (early) await world.faults.endAll();
  else await world.faults.allOver();
  const start = performance.now();
  const since = (): number => performance.now() - start;
  await Promise.all([...world.participants.values()].map((participant) => within(settleMs + 5000, participant.starting, () => broken(`${participant.name} did not connect`))));
  await within(requestTimeout * 1000 + settleMs, world.allSettled(), () => broken(`did not settle within their time limit: ${world.underWay.join(', ')}`));

  let problems = await look(world, broken);
  while (problems.length > 0 && !problems.some(({ patienceMs }) => since() > patienceMs)) {
    await wait(25);
    problems = await look(world, broken);
  }
  const took = since();
  for (const { what, patienceMs } of problems) if (took > patienceMs) broken(`${Math.round(took)} ms after the last fault: ${what}`);
  await world.ownership.judge();
  world.operatorDeleted.clear();
  world.registrations.forget();
  world.watch.history.forget();
  return took;
}

async function look(world: World, broken: (what: string) => void): Promise<Problem[]> {
  // The operator's connection may still be waiting to try again a member that was down.
  const { kvs, header } = await poll('etcd answering the operator', () => world.raw.client.kv.range({ key: Buffer.from(`${prefix}/`), range_end: Buffer.from(`${prefix}0`) }));
  const records = kvs.map(({ key, value, lease }) => fromRaw({ key: key.toString(), value, lease, createRevision: '', modRevision: '' })).filter((record) => record !== undefined);
  const byService = new Map<string, Map<string, StoredRecord>>();
  for (const record of records) {
    const ofService = byService.get(record.service) ?? new Map<string, StoredRecord>();
    byService.set(record.service, ofService.set(record.key, record));
  }
  const revision = Number(header.revision);
  await world.watch.reached(revision, settleMs);
  // Whoever watches the watchers is watched as well.
  for (const [service, wanted] of byService) {
    const difference = compare(instancesOf(wanted), instancesOf(world.watch.history.at(service, revision)));
    if (difference !== undefined) broken(`the observer itself is wrong about ${service} at ${revision}: ${difference}`);
  }
  const leases = new Set(await poll('etcd telling its leases', () => world.raw.leases()));
  const soon = (what: string): Problem => ({ what, patienceMs: settleMs });
  return [
    ...watching(world, byService).map(soon),
    ...registered(world, records, leases).map(soon),
    ...(await reported(world)).map(soon),
    ...departed(world, records, leases),
    ...world.truth.waiting.map(soon),
  ];
}

/** Every watcher is live and has what etcd has. */
function watching(world: World, byService: ReadonlyMap<string, ReadonlyMap<string, StoredRecord>>): string[] {
  return [...world.participants.values()].flatMap(({ name, sequences }) =>
    [...sequences].flatMap(([watcher, { service, last, instances }]) => {
      const who = `${name}/${watcher} of ${service}`;
      if (last === undefined) return [`${who} has no snapshot`];
      const records = byService.get(service) ?? new Map<string, StoredRecord>();
      const difference = compare(instancesOf(records), instances);
      return [
        ...(last.status === 'live' ? [] : [`${who} is stale`]),
        ...(difference === undefined ? [] : [`${who} differs from etcd: ${difference}`]),
        ...(skippedOf(records).join() === last.skipped.join() ? [] : [`${who} skipped ${last.skipped.join(' ')} instead of ${skippedOf(records).join(' ')}`]),
      ];
    }),
  );
}

/** Whoever is active stands in etcd, as wanted, under a lease that is his client's and no other's; whoever is superseded has been overtaken. */
function registered(world: World, records: readonly StoredRecord[], leases: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const leaseOf = new Map<string, string>();
  const clientOf = new Map<string, string>();
  const byKey = new Map(records.map((record) => [record.key, record]));
  for (const participant of world.participants.values()) {
    for (const registration of world.registrations.of(participant.name)) {
      const { name, client, state, key, leftAt, text } = registration;
      if (leftAt !== undefined) continue;
      if (state === 'superseded') {
        if (!world.ownership.overtaken.has(name)) problems.push(`${name} is superseded though nobody took ${key}`);
        continue;
      }
      const record = byKey.get(key);
      const lease = record?.lease ?? '';
      if (state !== 'active') problems.push(`${name} is ${state ?? 'not registered'}`);
      else if (record?.registration !== name) problems.push(`${name} is active and ${key} is ${record === undefined ? 'missing' : (record.registration ?? 'garbage')}`);
      else if (record.instance !== text) problems.push(`${name} has ${record.instance ?? ''} in etcd instead of ${text}`);
      else if (!leases.has(lease)) problems.push(`${name} stands under ${lease}, which is no lease`);
      else if ((leaseOf.get(client) ?? lease) !== lease) problems.push(`${client} has registrations under two leases`);
      else if ((clientOf.get(lease) ?? client) !== client) problems.push(`${client} and ${clientOf.get(lease) ?? ''} share the lease ${lease}`);
      leaseOf.set(client, lease);
      clientOf.set(lease, client);
    }
  }
  return problems;
}

/** What each client says of itself agrees with what it has told so far, and with how it is. */
async function reported(world: World): Promise<string[]> {
  const reports = await Promise.all([...world.participants.values()].map(async (participant) => [participant, await participant.run({ do: 'report' })] as const));
  return reports.flatMap(([{ name, sequences }, answer]) => {
    if (!answer.ok || answer.report === undefined) return [`${name} does not report: ${answer.ok ? '' : answer.message}`];
    const { states, registry, discovery }: Report = answer.report;
    const problems: string[] = [];
    for (const [registration, state] of Object.entries(states)) {
      const told = world.registrations.get(registration)?.state;
      if (told !== undefined && told !== state) problems.push(`${registration} is ${state} and has told of ${told} last`);
    }
    if (registry !== undefined) {
      const active = Object.values(states).filter((state) => state === 'active').length;
      if (registry.state !== 'live') problems.push(`the registry of ${name} is ${registry.state}: ${String(registry.lastError)}`);
      if (registry.registrations.active !== active || registry.registrations.recovering > 0) problems.push(`the registry of ${name} counts ${JSON.stringify(registry.registrations)} where ${active} are active`);
    }
    if (discovery !== undefined) {
      const watched = new Set([...sequences.values()].map(({ service }) => service)).size;
      if (discovery.state !== 'live') problems.push(`the discovery of ${name} is ${discovery.state}: ${String(discovery.lastError)}`);
      if (discovery.services.live !== watched || discovery.services.stale + discovery.services.starting > 0) {
        problems.push(`the discovery of ${name} counts ${JSON.stringify(discovery.services)} where ${watched} are watched`);
      }
    }
    return problems;
  });
}

/** Nothing is left of whoever is gone: no record that nobody wants, no lease that nobody uses. */
function departed(world: World, records: readonly StoredRecord[], leases: ReadonlySet<string>): Problem[] {
  const problems = records.flatMap(({ key, registration }) => {
    if (registration === undefined || registration.startsWith('raw.') || world.registrations.get(registration)?.wanted === true) return [];
    const state = world.registrations.get(registration);
    const what = `${key} is still that of ${registration}, which is ${state?.state === 'superseded' ? 'superseded' : 'over'}`;
    return [{ what, patienceMs: departedMs(registration.split('.')[0] as string) }];
  });
  // One whose registrations were all taken over may keep its lease for the next.
  const inUse = new Set(records.map(({ lease }) => lease));
  const idle = [...leases].filter((lease) => !inUse.has(lease) && !world.rawLeases.has(lease));
  const without = [...world.participants.values()].filter(({ name }) => !world.registrations.of(name).some(({ wanted }) => wanted)).length;
  if (idle.length <= without) return problems;
  return [...problems, { what: `${without} clients have no registration and ${idle.length} leases no record: ${idle.join(' ')}`, patienceMs: Math.max(...clients.map(departedMs)) }];
}

async function within(ms: number, work: Promise<unknown>, late: () => void): Promise<void> {
  const stop = new AbortController();
  const timeout = wait(ms, 'late', { signal: stop.signal }).catch(() => undefined);
  const first = await Promise.race([work.then(() => 'done'), timeout]);
  stop.abort();
  if (first === 'late') late();
}
