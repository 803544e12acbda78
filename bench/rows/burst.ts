import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

import { connect } from '../../src/connect.js';
import type { WriterQuestion } from '../programs/writer.js';
import type { OpenRow, Round, Row } from '../row.js';
import { upTo } from '../world/each-of.js';
import { startHelper } from '../world/helper-process.js';
import { recordOf } from '../world/records.js';
import type { Stage } from '../world/stage.js';
import { cpuSince } from '../world/cpu.js';

/** What one side knows of the service. */
interface Reader {
  /** How many snapshots, or lists, were delivered up to now. */
  readonly delivered: number;
  weights(): ReadonlyMap<string, number>;
  close(): Promise<unknown>;
}

async function rollcallReader(url: string): Promise<Reader> {
  const { discovery, close } = await connect(url);
  let delivered = 0;
  const watch = discovery.watch('svc');
  await new Promise<void>((resolve) => {
    watch.subscribe(() => {
      delivered++;
      resolve();
    });
  });
  return {
    get delivered() {
      return delivered;
    },
    weights: () => new Map(watch.current?.instances.map(({ id, weight }) => [id, weight])),
    close,
  };
}

/** Each event at once: the list made anew and pushed. */
async function etcd3Reader(stage: Stage): Promise<Reader> {
  const client = await stage.etcd3();
  const known = new Map<string, { readonly weight: number }>();
  const prefix = '/rollcall/svc/';
  const take = ({ key, value }: { readonly key: Buffer; readonly value: Buffer }): void => {
    known.set(key.toString().slice(prefix.length), JSON.parse(value.toString()) as { weight: number });
  };
  const { kvs, header } = await client.getAll().prefix(prefix).exec();
  for (const kv of kvs) take(kv);
  let delivered = 0;
  let pushed: readonly (readonly [string, object])[] = [];
  const watcher = await client.watch().prefix(prefix).startRevision(String(BigInt(header.revision) + 1n)).create();
  watcher.on('put', (kv) => {
    take(kv);
    pushed = [...known].map(([id, record]) => [id, { ...record }] as const);
    delivered++;
  });
  return {
    get delivered() {
      return delivered;
    },
    weights: () => new Map(pushed.map(([id]) => [id, known.get(id)?.weight ?? NaN])),
    close: () => watcher.cancel(),
  };
}

async function open(count: number, stage: Stage): Promise<OpenRow> {
  const [url, endpoint] = [await stage.url(), await stage.endpoint()];
  const writer = startHelper('writer', [endpoint], stage.undo);
  const ids = upTo(count).map((n) => recordOf('svc', n).key.split('/').at(-1) ?? '');
  let weight = 1;
  let writing = 0;
  const burst = async (reader: Reader): Promise<Round> => {
    weight++;
    const isFinal = (): boolean => {
      const weights = reader.weights();
      return weights.size === count && ids.every((id) => weights.get(id) === weight);
    };
    const before = reader.delivered;
    const cpu = process.cpuUsage();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    writing = await writer.ask<number>({ service: 'svc', from: 0, count, weight } satisfies WriterQuestion);
    const written = performance.now();
    // What came by then is looked at in small pieces, so that the looking is no block of its own.
    for (const patience = written + 60_000; reader.weights().size < count && performance.now() < patience; ) await wait(5);
    delay.disable();
    while (!isFinal()) {
      if (performance.now() > written + 60_000) throw new Error('the final state never came');
      await wait(5);
    }
    const figures = { snapshots: reader.delivered - before, block: delay.max / 1e6, cpu: cpuSince(cpu), lag: performance.now() - written };
    await reader.close();
    return figures;
  };
  await writer.ask({ service: 'svc', from: 0, count, weight } satisfies WriterQuestion);
  return {
    rollcall: async () => burst(await rollcallReader(url)),
    peer: async () => burst(await etcd3Reader(stage)),
    remark: () => `written within ${writing.toFixed(0)} ms; each round ends with exactly what was written last`,
  };
}

const row = (count: number): Row => ({
  name: `burst-${count}`,
  what: `a burst of ${count.toLocaleString('en')} changes, each a write of its own, 64 at a time`,
  peer: "etcd3's watch, each event applied and the list pushed",
  metrics: [
    { name: 'snapshots', what: 'snapshots delivered', goals: [{ of: 'worst', atMost: 50 }] },
    { name: 'block', what: 'ms the event loop was blocked at most', goals: [{ of: 'worst', atMost: 50 }] },
    { name: 'cpu', what: 'ms of CPU of the reader' },
    { name: 'lag', what: 'ms from the last write to the exact state', plotted: false },
  ],
  rounds: 5,
  series: { name: 'burst', title: 'A burst of changes', of: 'changes', n: count },
  open: (stage) => open(count, stage),
});

export const burstRows: readonly Row[] = [100, 1_000, 10_000].map(row);
