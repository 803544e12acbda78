import type { IdlerAnswer, IdlerQuestion } from '../programs/idler.js';
import type { OpenRow, Round, Row } from '../row.js';
import { Teardown } from '../support/teardown.js';
import { startHelper } from '../world/helper-process.js';
import type { Stage } from '../world/stage.js';

/** How long nothing happens in a round. */
const idleMs = 20_000;

async function open(count: number, stage: Stage): Promise<OpenRow> {
  // One that nobody else asks for anything: what it counts is what the client asked.
  const etcd = await stage.ownEtcd();
  const [member] = etcd.members;
  if (member === undefined) throw new Error('no member');
  const received = async (): Promise<Record<'pings' | 'watch' | 'all', number>> => {
    const of = (...labels: readonly string[]): Promise<number> => member.metric('grpc_server_msg_received_total', ...labels);
    const [pings, watch, all] = await Promise.all([of('grpc_method="LeaseKeepAlive"'), of('grpc_method="Watch"'), of()]);
    return { pings, watch, all };
  };
  const idle = async (side: string): Promise<Round> => {
    const undo = new Teardown();
    try {
      const client = startHelper('idler', [side, etcd.endpoints[0] ?? '', String(count)], undo);
      await client.ask({ ms: 0 } satisfies IdlerQuestion);
      const [before, began] = [await received(), performance.now()];
      const { cpu, news } = await client.ask<IdlerAnswer>({ ms: idleMs } satisfies IdlerQuestion);
      const [after, seconds] = [await received(), (performance.now() - began) / 1000];
      if (news > 0) throw new Error(`${news} snapshots or events without a change`);
      const [pings, watch] = [(after.pings - before.pings) / seconds, (after.watch - before.watch) / seconds];
      return { cpu, pings, watch, others: (after.all - before.all) / seconds - pings - watch };
    } finally {
      await undo.run();
    }
  };
  return { rollcall: () => idle('rollcall'), peer: () => idle('etcd3') };
}

const row = (count: number): Row => ({
  name: `idle-${count}`,
  what: `${count} registration${count === 1 ? '' : 's'} under one lease of 5 s and ${count} watch${count === 1 ? '' : 'es'}, and nothing happens`,
  peer: 'etcd3 with as many, which asks for no sign of life',
  metrics: [
    { name: 'cpu', what: 'percent of a core', goals: [{ of: 'median', atMost: 0.1 }] },
    // One every TTL / 3.
    { name: 'pings', what: 'lease pings a second', plotted: false, goals: [{ of: 'median', atMost: 0.65 }] },
    { name: 'watch', what: 'messages a second on the watch stream', plotted: false, goals: [{ of: 'median', atMost: 2.1 }] },
    { name: 'others', what: 'other requests a second', plotted: false, goals: [{ of: 'worst', atMost: 0.1 }] },
  ],
  rounds: 3,
  series: { name: 'idle', title: 'Doing nothing', of: 'registrations and watches', n: count },
  open: (stage) => open(count, stage),
});

export const idleRows: readonly Row[] = [1, 10, 100].map(row);
