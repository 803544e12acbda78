import type { Participant } from './participant.js';
import { clients, type Step } from './plan.js';
import { garbage, keyOf } from './stored-record.js';
import type { World } from './world.js';

let rawRecords = 0;

/**
 * Carries a step out: begins it and follows it, without waiting for what takes time.
 * @returns whether there was anything to do
 */
export async function perform(world: World, step: Exclude<Step, { readonly kind: 'settle' }>): Promise<boolean> {
  switch (step.kind) {
    case 'register':
    case 'take-over':
      return register(world, world.participant(step.client), step.service, step.id, step.weight);
    case 'update':
      return update(world, step.client, keyOf(step.service, step.id), step.weight);
    case 'deregister':
      return deregister(world, step.client, keyOf(step.service, step.id));
    case 'replace':
      // At once: the removal is under way while the same id is registered anew.
      return deregister(world, step.client, keyOf(step.service, step.id)) && register(world, world.participant(step.client), step.service, step.id, step.weight);
    case 'get':
      return get(world, world.participant(step.client), step.service);
    case 'rewatch': {
      const participant = world.participant(step.client);
      if (!participant.up) return false;
      world.follow(`${step.client} watching ${step.service}`, participant.watch(step.watcher, step.service, step.pauseMs));
      return true;
    }
    case 'raw-put': {
      const value = JSON.stringify({ address: '10.0.0.2:8000', weight: step.weight, metadata: { registration: `raw.${++rawRecords}` } });
      operate(world, step.kind, async () => {
        const lease = step.ttl === 0 ? '0' : await world.raw.grant(step.ttl);
        world.rawLeases.add(lease);
        await world.raw.put(keyOf(step.service, step.id), value, lease);
      });
      return true;
    }
    case 'garbage': {
      const value = garbage[step.choice % garbage.length] as Buffer;
      operate(world, step.kind, () => world.raw.put(keyOf(step.service, step.id), value));
      return true;
    }
    case 'raw-delete':
    case 'operator-delete':
      return operatorDelete(world, step.service, keyOf(step.service, step.id));
    case 'revoke-lease':
      return revokeLease(world, step.service, keyOf(step.service, step.id));
    case 'compact':
      operate(world, step.kind, async () => {
        // At a revision that is a put: etcd before August 2024 loses a deletion for watches that begin at the very revision
        // of a compaction (etcd#18089), and a plan that compacts the present all the time would find nothing else.
        await world.raw.put('/compaction', 'now');
        const revision = await world.raw.revision();
        // Not beyond what the observer has, or it could vouch for nothing.
        await world.watch.reached(Number(revision), 2000);
        await world.raw.compact(revision);
      });
      return true;
    case 'cut-once':
      for (const proxy of world.participant(step.client).proxies) proxy.cutOnce();
      world.faults.momentary(step.client);
      world.recovering(step.kind, [step.client]);
      return true;
    case 'cut':
    case 'blackhole':
    case 'cut-after-bytes': {
      const { proxies } = world.participant(step.client);
      const start = (): void => {
        for (const proxy of proxies) {
          if (step.kind === 'cut-after-bytes') void proxy.cutAfter(step.bytes);
          else if (step.kind === 'cut') proxy.cut();
          else proxy.blackhole();
        }
      };
      await fault(world, step.kind, step.client, [step.client], step.forMs, start, () => proxies.forEach((proxy) => proxy.restore()));
      return true;
    }
    case 'freeze-etcd':
    case 'kill-etcd':
      await memberFault(world, step.kind, step.members, step.forMs);
      return true;
    case 'suspend-client': {
      const participant = world.participant(step.client);
      if (!participant.up) return false;
      await fault(world, step.kind, step.client, [step.client], step.forMs, () => void participant.suspend(), () => participant.resume());
      return true;
    }
    case 'crash-client':
    case 'restart-client':
      return begoneAndBack(world, world.participant(step.client), step.kind);
  }
}

function register(world: World, participant: Participant, service: string, id: string, weight: number): boolean {
  const key = keyOf(service, id);
  if (!participant.up || world.registrations.held(participant.name, key) !== undefined) return false;
  const registration = world.registrations.add(participant.name, service, id, weight);
  const since = performance.now();
  const answered = participant.run({ do: 'register', registration: registration.name, service, id, weight }).then((answer) => {
    world.ended('register', participant.name, since, answer);
    // Law 6 and the promise of `register`: after a failure nothing stays behind.
    if (!answer.ok) registration.neverWas();
  });
  registration.registered = answered;
  world.follow(`register ${registration.name}`, answered);
  return true;
}

function update(world: World, client: string, key: string, weight: number): boolean {
  const registration = world.registrations.held(client, key);
  if (registration?.wanted !== true) return false;
  const since = performance.now();
  // Stays wanted even if it fails now.
  registration.weight = weight;
  const answered = world.participant(client).run({ do: 'update', registration: registration.name, weight });
  world.follow(`update ${registration.name}`, answered.then((answer) => world.ended('update', client, since, answer)));
  return true;
}

function deregister(world: World, client: string, key: string): boolean {
  const registration = world.registrations.held(client, key);
  if (registration === undefined) return false;
  const { name } = registration;
  const take = async (): Promise<void> => {
    const since = performance.now();
    world.ended('deregister', client, since, await world.participant(client).run({ do: 'deregister', registration: name }));
  };
  // At once where there is something to take back, so that what is asked for next comes upon it.
  const going = registration.state === undefined ? registration.registered.then(() => (registration.leftAt === 0 ? undefined : take())) : take();
  registration.leave();
  world.follow(`deregister ${name}`, going);
  return true;
}

function get(world: World, participant: Participant, service: string): boolean {
  if (!participant.up) return false;
  const since = performance.now();
  const atLeast = world.watch.history.revision;
  const answered = participant.run({ do: 'get', service }).then((answer) => {
    world.ended('get', participant.name, since, answer);
    if (!answer.ok || answer.snapshot === undefined) return;
    world.truth.take(`${participant.name}/get`, answer.snapshot);
    if (Number(answer.snapshot.revision) < atLeast) throw new Error(`it is of revision ${answer.snapshot.revision}, older than ${atLeast}, where etcd was when it was asked for`);
  });
  world.follow(`get of ${service} by ${participant.name}`, answered);
  return true;
}

/** What an operator, or a program that is not ours, does to etcd. It may fail: etcd may be down. */
function operate(world: World, kind: string, work: () => Promise<void>): void {
  const count = (outcome: string): void => void world.operations.set(`${kind} ${outcome}`, (world.operations.get(`${kind} ${outcome}`) ?? 0) + 1);
  world.follow(
    kind,
    work().then(
      () => count('ok'),
      () => count('failed'),
    ),
  );
}

function operatorDelete(world: World, service: string, key: string): boolean {
  const found = world.watch.history.get(service, key);
  if (found === undefined) return false;
  world.operatorDeleted.add(key);
  const owner = world.registrations.get(found.registration);
  operate(world, 'operator-delete', async () => {
    await world.raw.delete(key);
    if (owner?.wanted === true) world.recovering('operator-delete', [owner.client]);
  });
  return true;
}

function revokeLease(world: World, service: string, key: string): boolean {
  const found = world.watch.history.get(service, key);
  if (found === undefined || found.lease === '0') return false;
  const owner = world.registrations.get(found.registration);
  world.revoked.add(found.lease);
  operate(world, 'revoke-lease', async () => {
    await world.raw.revoke(found.lease);
    if (owner?.wanted === true) world.recovering('revoke-lease', [owner.client]);
  });
  return true;
}

/** A fault that lasts, and the measurement of what follows its end. */
async function fault(world: World, kind: string, target: string, hit: readonly string[], forMs: number, start: () => void | Promise<void>, lift: () => void | Promise<void>): Promise<void> {
  await world.faults.begin(
    target,
    hit,
    forMs,
    async () => {
      world.recoveries.interrupt(hit);
      await start();
    },
    async () => {
      await lift();
      world.recovering(kind, hit);
    },
  );
}

async function memberFault(world: World, kind: 'freeze-etcd' | 'kill-etcd', numbers: readonly number[], forMs: number): Promise<void> {
  const members = numbers.map((number) => world.etcd.members[number]).filter((member) => member !== undefined);
  const what = `${kind}${numbers.length > 1 ? ' (no quorum)' : ''}`;
  await fault(
    world,
    what,
    'etcd',
    clients,
    forMs,
    async () => {
      for (const number of numbers) world.watch.avoid(number);
      if (kind === 'freeze-etcd') for (const member of members) member.pause();
      else await Promise.all(members.map((member) => member.kill()));
    },
    async () => {
      if (kind === 'freeze-etcd') for (const member of members) member.resume();
      else await Promise.all(members.map((member) => member.start()));
      await Promise.all(members.map((member) => member.ready()));
    },
  );
}

/** The end of a client, and its next life. */
function begoneAndBack(world: World, participant: Participant, kind: 'crash-client' | 'restart-client'): boolean {
  if (!participant.up) return false;
  world.leaving(participant.name);
  world.faults.momentary(participant.name);
  const back = async (): Promise<void> => {
    if (kind === 'crash-client') {
      await world.faults.begin(participant.name, [participant.name], 0, () => participant.crash(), () => undefined);
      await participant.start();
    } else {
      const answer = await participant.restart();
      if (!answer.ok) throw new Error(answer.message);
      await participant.starting;
    }
  };
  world.follow(`${kind} ${participant.name}`, back());
  return true;
}
