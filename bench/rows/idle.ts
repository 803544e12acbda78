import { setTimeout as wait } from 'node:timers/promises';

import type { Side } from '../measure.js';
import type { OpenRow, Round, Row } from '../row.js';
import { IdleProcess } from '../world/idle-process.js';
import type { Stage } from '../world/stage.js';

/** How long a round is, in seconds: a multiple of the time between two pings, which is a third of five seconds. */
const roundSeconds = 20;

/** Messages that an etcd has received from its clients, so far. */
interface Received {
  readonly pings: number;
  readonly watch: number;
  readonly all: number;
}

/** A client with an etcd of its own, so that each message that etcd counts is this client's. */
async function idle(side: Side, services: number, stage: Stage): Promise<() => Promise<Round>> {
  const etcd = await stage.ownEtcd();
  const [member] = etcd.members;
  if (member === undefined) throw new Error('no etcd');
  const count = (...labels: string[]): Promise<number> => member.metric('grpc_server_msg_received_total', ...labels);
  const received = async (): Promise<Received> => ({
    pings: await count('grpc_method="LeaseKeepAlive"'),
    watch: await count('grpc_method="Watch"'),
    all: await count(),
  });
  const client = await IdleProcess.start(side, member.endpoint, services, stage.undo);
  return async () => {
    const [messages, used, began] = [await received(), await client.used(), performance.now()];
    await wait(roundSeconds * 1000);
    const seconds = (performance.now() - began) / 1000;
    const [usedNow, messagesNow] = [await client.used(), await received()];
    const told = usedNow.delivered - used.delivered;
    if (told > 0) throw new Error(`${side}: ${told} deliveries without a change`);
    const [pings, watch] = [messagesNow.pings - messages.pings, messagesNow.watch - messages.watch];
    return {
      cpu: (usedNow.cpuMs - used.cpuMs) / seconds / 10,
      pings: pings / seconds,
      watch: watch / seconds,
      others: (messagesNow.all - messages.all - pings - watch) / seconds,
      turns: (usedNow.turns - used.turns) / seconds,
    };
  };
}

/** Both processes run for the whole of the row: V8 shrinks a heap some ten seconds after the last work, and the rounds that warm up see that. */
async function open(services: number, stage: Stage): Promise<OpenRow> {
  const [rollcall, peer] = [await idle('rollcall', services, stage), await idle('peer', services, stage)];
  return { rollcall, peer, remark: () => 'no watch delivered anything, as nothing changed' };
}

const row = (n: number): Row => ({
  name: `idle-${n}`,
  what: `a process with ${n === 1 ? 'one registration and one watch' : `${n} registrations and ${n} watches`}, left alone with the default timings`,
  peer: '`etcd3` with one lease, and so many puts and `watch().prefix()`, which asks for no sign of life',
  metrics: [
    { name: 'cpu', what: '% of a core', goals: [{ of: 'median', atMost: 0.1 }] },
    { name: 'pings', what: 'pings of leases a second; one each third of the TTL is 0.6', plotted: false, goals: [{ of: 'median', atMost: 0.61 }] },
    { name: 'watch', what: 'messages on watch streams a second; a sign of life each second, asked for and taken back, is 2', plotted: false, goals: [{ of: 'median', atMost: 2.01 }] },
    { name: 'others', what: 'all other requests a second', plotted: false, goals: [{ of: 'worst', atMost: 0 }] },
    { name: 'turns', what: 'turns of the event loop a second' },
  ],
  rounds: 3,
  series: { name: 'idle', title: 'A process left alone', of: 'registrations and watches', n },
  open: (stage) => open(n, stage),
});

export const idleRows: readonly Row[] = [1, 100].map(row);
