import type { HolderAnswer } from '../programs/holder.js';
import type { OpenRow, Round, Row } from '../row.js';
import { Teardown } from '../support/teardown.js';
import { eachOf, upTo } from '../world/each-of.js';
import { startHelper } from '../world/helper-process.js';
import { recordOf } from '../world/records.js';
import type { Stage } from '../world/stage.js';

/** How many instances each of the many services has. */
const each = 3;

interface Sides {
  readonly rollcall: string;
  readonly peer: string;
}

async function open(sides: Sides, count: number, records: readonly (readonly [service: string, n: number])[], stage: Stage): Promise<OpenRow> {
  const [endpoint, etcd3] = [await stage.endpoint(), await stage.etcd3()];
  await eachOf([...records, ['first', 0] as const], 64, ([service, n]) => {
    const { key, value } = recordOf(service, n);
    return etcd3.put(key).value(value).exec();
  });
  const hold = async (what: string): Promise<Round> => {
    const undo = new Teardown();
    try {
      const { heap, rss } = await startHelper('holder', [what, endpoint, String(count)], undo).ask<HolderAnswer>({});
      return { heap: heap / count, rss: rss / 2 ** 20 };
    } finally {
      await undo.run();
    }
  };
  return { rollcall: () => hold(sides.rollcall), peer: () => hold(sides.peer) };
}

const servicesRow = (count: number): Row => ({
  name: `services-${count}`,
  what: `${count.toLocaleString('en')} services of ${each} instances watched by one process, over one stream, each with its list`,
  peer: `${count.toLocaleString('en')} etcd3 watchers, without any list`,
  metrics: [
    { name: 'heap', what: 'bytes of the heap for each service', ...(count >= 1_000 ? { goals: [{ of: 'ratio', atMost: 0.5 }] } : {}) },
    { name: 'rss', what: 'MiB that the process grows by', plotted: false },
  ],
  rounds: 7,
  series: { name: 'services', title: 'Watched services', of: 'services', n: count },
  open: (stage) =>
    open(
      { rollcall: 'rollcall-services', peer: 'etcd3-services' },
      count,
      upTo(count).flatMap((n) => upTo(each).map((instance) => [`svc-${n}`, instance] as const)),
      stage,
    ),
});

const instancesRow = (count: number): Row => ({
  name: `memory-${count}`,
  what: `${count.toLocaleString('en')} instances of one service known by a process`,
  peer: "an array of the same records' JSON as plain objects",
  metrics: [
    { name: 'heap', what: 'bytes of the heap for each instance', ...(count >= 10_000 ? { goals: [{ of: 'ratio', atMost: 2 }] } : {}) },
    { name: 'rss', what: 'MiB that the process grows by', plotted: false },
  ],
  rounds: 7,
  series: { name: 'memory', title: 'Known instances', of: 'instances', n: count },
  open: (stage) => open({ rollcall: 'rollcall-instances', peer: 'json-instances' }, count, upTo(count).map((n) => ['svc', n] as const), stage),
});

export const memoryRows: readonly Row[] = [...[100, 1_000].map(servicesRow), ...[1_000, 10_000].map(instancesRow)];
