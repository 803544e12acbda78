import { setTimeout as wait } from 'node:timers/promises';

import { openRawEtcd } from '../../test/support/raw-etcd.js';
import { keyOf, servicePrefix, ttl } from '../faults/clients/client.js';
import { recordOf } from '../faults/world/stage.js';
import type { SurvivorQuestion } from '../programs/survivor.js';
import type { OpenRow, Round, Row } from '../row.js';
import { type HelperProcess, startHelper } from '../world/helper-process.js';
import { sinceBoot } from '../world/since-boot.js';
import type { Stage } from '../world/stage.js';

/** How long etcd is away, and how long a client may take afterwards, in milliseconds. */
const [outageMs, patienceMs] = [8_000, 30_000];

type Side = 'rollcall' | 'etcd3';

async function open(stage: Stage): Promise<OpenRow> {
  const etcd = await stage.ownEtcd();
  const raw = stage.undo.add(openRawEtcd(etcd), (each) => each.close());
  const start = (side: Side): HelperProcess => startHelper('survivor', [side, etcd.endpoints[0] ?? ''], stage.undo);
  const survivors: Record<Side, HelperProcess> = { rollcall: start('rollcall'), etcd3: start('etcd3') };
  for (const each of Object.values(survivors)) await each.ask('ready' satisfies SurvivorQuestion);
  let outages = 0;
  let late = 0;

  /** When each of the addresses is in etcd, read every few milliseconds. */
  const stored = async (addresses: readonly string[], until: number): Promise<ReadonlyMap<string, number>> => {
    const found = new Map<string, number>();
    while (found.size < addresses.length && sinceBoot() < until) {
      const keys = new Set((await raw.list(servicePrefix).catch(() => [])).map(({ key }) => key));
      for (const each of addresses) if (keys.has(keyOf(each)) && !found.has(each)) found.set(each, sinceBoot());
      await wait(5);
    }
    return found;
  };

  /** One outage, for both: they live through the very same one. */
  const outage = async (): Promise<Record<Side, Round>> => {
    const n = ++outages;
    const own = (side: Side): string => `new-${side}-${n}.test:80`;
    await etcd.kill();
    await wait(outageMs / 2);
    await Promise.all(Object.entries(survivors).map(([side, survivor]) => survivor.ask({ register: own(side as Side) } satisfies SurvivorQuestion)));
    await wait(outageMs / 2);
    await etcd.restart();
    const back = sinceBoot();
    const news = `news-${n}.test:80`;
    const writing = raw.put(keyOf(news), recordOf(news));
    const end = back + patienceMs;
    const showing = async (side: Side): Promise<number> => {
      const shown = survivors[side].ask<number>({ shows: news } satisfies SurvivorQuestion);
      const at = await Promise.race([shown, wait(patienceMs, end, { ref: false })]);
      // One question at a time: the late answer is waited for, or the next round would take it for its own.
      if (at === end) await shown;
      return at;
    };
    const [inRollcall, inEtcd3, registrations] = await Promise.all([showing('rollcall'), showing('etcd3'), stored([own('rollcall'), own('etcd3')], end), writing]);
    const figures = (watchAt: number, side: Side): Round => {
      const registeredAt = registrations.get(own(side)) ?? end;
      if (Math.max(watchAt, registeredAt) === end) late++;
      return { watch: watchAt - back, registration: registeredAt - back };
    };
    return { rollcall: figures(inRollcall, 'rollcall'), etcd3: figures(inEtcd3, 'etcd3') };
  };

  // Whichever side is asked first brings about the outage; the other one tells what it saw in it.
  let half: { readonly side: Side; readonly round: Round } | undefined;
  const turn = async (side: Side): Promise<Round> => {
    if (half?.side === side) {
      const { round } = half;
      half = undefined;
      return round;
    }
    const both = await outage();
    const other = side === 'rollcall' ? 'etcd3' : 'rollcall';
    half = { side: other, round: both[other] };
    return both[side];
  };
  return {
    rollcall: () => turn('rollcall'),
    peer: () => turn('etcd3'),
    remark: () => `both live through the same ${outages} outages; ${late === 0 ? 'nobody took' : `${late} times somebody took`} longer than ${patienceMs / 1000} s`,
  };
}

const goals = [
  { of: 'median', atMost: 300 },
  { of: 'worst', atMost: 1_000 },
] as const;

export const recoveryRow: Row = {
  name: 'recovery',
  what: `etcd is killed (-9) for ${outageMs / 1000} s and started again, leases of ${ttl} s; from its first answer`,
  peer: 'plain etcd3, used with care (docs/reliability.md)',
  metrics: [
    { name: 'watch', what: 'ms until the watch shows what changed since', goals },
    { name: 'registration', what: 'ms until what was registered during the outage is in etcd', goals },
  ],
  rounds: 20,
  open,
};
