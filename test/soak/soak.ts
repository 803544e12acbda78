import { setTimeout as wait } from 'node:timers/promises';

import { type Figures, type Memory, spread } from './figures.js';
import { perform } from './perform.js';
import { planSteps } from './plan.js';
import { RunLog } from './run-log.js';
import { settle } from './settle.js';
import { World } from './world.js';

export interface SoakOptions {
  readonly seed: number;
  /** 1 or 3. */
  readonly members: number;
  /** Whichever comes first ends the run. */
  readonly forMs?: number | undefined;
  readonly steps?: number | undefined;
  /** Goes on after a broken invariant; what follows may be its consequence. Default: it ends the run. */
  readonly keepGoing?: boolean | undefined;
  /** Default: only where an invariant was broken. */
  readonly keepLog?: boolean | undefined;
  /** Ends the run early, with the figures so far. */
  readonly signal?: AbortSignal | undefined;
  /** Told every now and then how far it is. */
  readonly progress?: ((line: string) => void) | undefined;
}

export interface SoakResult {
  readonly figures: Figures;
  /** The file of everything that happened, where it was kept. */
  readonly log: string | undefined;
  readonly lastSteps: readonly string[];
}

/** How often it says how far it is. */
const progressMs = 10_000;

/** At most so many broken invariants are told. */
const enough = 20;

/** Plans, performs, settles, and sums up. Leaves nothing running. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { seed, members, progress = () => undefined } = options;
  const log = new RunLog(seed);
  const start = performance.now();
  const violations: string[] = [];
  const tally = { number: 0, byKind: new Map<string, { done: number; passedOver: number }>(), settles: [] as number[], memory: [] as Memory[] };
  const broken = (what: string): void => {
    // Ctrl-C ends etcd as well: what follows says nothing.
    if (options.signal?.aborted === true) return;
    log.write('broken', { step: tally.number, invariant: what });
    if (violations.length < enough) violations.push(`step ${tally.number}, ${Math.round((performance.now() - start) / 1000)} s: ${what}`);
  };
  const onRejection = (error: unknown): void => broken(`an unhandled rejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.on('unhandledRejection', onRejection);
  const over = (): boolean => options.signal?.aborted === true || (violations.length > 0 && options.keepGoing !== true) || violations.length >= enough;
  const measure = (): void => {
    const { rss, heapUsed } = process.memoryUsage();
    const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
    tally.memory.push({ minute: (performance.now() - start) / 60_000, rssMb: mb(rss), heapMb: mb(heapUsed) });
  };
  const check = async (world: World, early: boolean): Promise<void> => {
    tally.settles.push(await settle(world, early, broken));
    measure();
  };

  const world = await World.open(members, log, broken);
  try {
    let told = performance.now();
    for (const { number, pauseMs, step } of planSteps(seed, members)) {
      if (over() || (options.forMs !== undefined && performance.now() - start > options.forMs) || (options.steps !== undefined && number > options.steps)) break;
      tally.number = number;
      await wait(pauseMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => undefined);
      if (over()) break;
      log.write('step', { number, ...step });
      const counts = tally.byKind.get(step.kind) ?? { done: 0, passedOver: 0 };
      tally.byKind.set(step.kind, counts);
      if (step.kind === 'settle') {
        await check(world, step.early);
        counts.done++;
      } else if (await perform(world, step)) {
        counts.done++;
      } else {
        counts.passedOver++;
      }
      if (performance.now() - told < progressMs) continue;
      told = performance.now();
      progress(`${Math.round((told - start) / 1000)} s, step ${number}, ${tally.settles.length} settled, ${world.truth.checked} snapshots checked, rss ${tally.memory.at(-1)?.rssMb ?? 0} MB`);
    }
    if (!over()) await check(world, true);
    if (!over()) await goodbye(world, broken);
  } catch (error) {
    broken(`the run itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    await world.close();
    process.off('unhandledRejection', onRejection);
  }
  const keepLog = violations.length > 0 || options.keepLog === true;
  await log.close({ keep: keepLog });

  const { memory } = tally;
  return {
    figures: {
      seed,
      members,
      seconds: (performance.now() - start) / 1000,
      steps: tally.number,
      stepsByKind: Object.fromEntries(tally.byKind),
      operations: Object.fromEntries(world.operations),
      registrations: world.registrations.count,
      snapshots: { delivered: world.delivered, checked: world.truth.checked },
      stale: world.stale,
      recoveries: Object.fromEntries([...world.recoveries.times].map(([kind, times]) => [kind, spread(times)])),
      settlesMs: spread(tally.settles),
      leases: { revoked: world.revoked.size, lost: world.lostLeases.size },
      missing: { count: world.absences.count, longestMs: Math.round(world.absences.longestMs) },
      memory: { start: memory[0], middle: memory[memory.length >> 1], end: memory.at(-1) },
      violations,
    },
    log: keepLog ? log.file : undefined,
    lastSteps: log.last,
  };
}

/** How long a client may take to close while etcd answers. */
const closeMs = 3_000;

/** Everybody leaves in order: within a bound, and with nothing of theirs left in etcd. */
async function goodbye(world: World, broken: (what: string) => void): Promise<void> {
  for (const participant of world.participants.values()) {
    world.leaving(participant.name);
    const since = performance.now();
    const answer = await participant.close();
    const took = performance.now() - since;
    if (!answer.ok) broken(`closing ${participant.name} failed: ${answer.message}`);
    if (took > closeMs) broken(`closing ${participant.name} took ${Math.round(took)} ms`);
    const left = await world.leftBy(participant.name);
    if (left.length > 0) broken(`${participant.name} has closed and left ${left.join(' ')}`);
  }
}
