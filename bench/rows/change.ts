import { systemClock } from '../../src/core/clock.js';
import { CoalescingSink } from '../../src/core/coalescing-sink.js';
import { silentLogger } from '../../src/core/logger.js';
import type { FeedSink } from '../../src/core/service-feed.js';
import { SharedDiscovery } from '../../src/core/shared-discovery.js';
import { RecordCodec, type StoredPair } from '../../src/adapters/etcd/record-codec.js';
import { rollcallLayout } from '../../src/adapters/etcd/layouts/rollcall.js';
import type { OpenRow, Row } from '../row.js';
import { upTo } from '../world/each-of.js';
import { recordOf } from '../world/records.js';

/** Changes in one round. */
const changes = 200;

interface Listed {
  readonly key: string;
  readonly addresses: readonly [{ readonly address: string }];
  readonly attributes: object;
}

function pairOf(n: number, revision: number, weight: number): StoredPair {
  const { key, value } = recordOf('svc', n, { weight });
  return { key: Buffer.from(key), value: Buffer.from(value), lease: '1', mod_revision: String(revision) };
}

async function open(size: number): Promise<OpenRow> {
  const codec = new RecordCodec([{ prefix: '/rollcall', layout: rollcallLayout }]);
  const [place] = codec.places;
  if (place === undefined) throw new Error('no place');
  const read = (pair: StoredPair) => {
    const record = codec.read(place, 'svc', pair);
    if (record === undefined) throw new Error('no record');
    return record;
  };
  const initial = upTo(size).map((n) => pairOf(n, n + 2, 100));

  // As long as nothing is said to pass, changes in quick succession would be taken together; here each is to be by itself.
  let passed = 0;
  const clock = { ...systemClock, monotonic: () => passed };
  let sink: FeedSink | undefined;
  const discovery = new SharedDiscovery(
    {
      follow: (_, given) => {
        sink = new CoalescingSink(given, clock);
        sink.replace(initial.map(read), '1');
        return { [Symbol.dispose]: () => undefined };
      },
      list: () => Promise.reject(new Error('not asked for')),
      services: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    },
    { clock, logger: silentLogger },
  );
  let delivered = 0;
  let known = 0;
  const watch = discovery.watch('svc');
  await new Promise<void>((resolve) => {
    watch.subscribe(({ instances }) => {
      delivered++;
      known = instances.length;
      resolve();
    });
  });

  // A resolver as most are: keeps what it knows by key, and hands over the whole list, made anew, each time.
  const byKey = new Map<string, object>(initial.map(({ key, value }) => [key.toString(), JSON.parse(value.toString()) as object]));
  let pushed: readonly Listed[] = [];
  const rebuild = ({ key, value }: StoredPair): void => {
    byKey.set(key.toString(), JSON.parse(value.toString()) as object);
    pushed = [...byKey].map(([name, record]) => ({ key: name, addresses: [{ address: (record as { address: string }).address }], attributes: record }));
  };

  let revision = size + 2;
  const cpuOf = async (act: (pair: StoredPair) => void): Promise<{ readonly cpu: number }> => {
    let took = 0;
    for (let n = 0; n < changes; n++) {
      const pair = pairOf((revision * 7919) % size, ++revision, 1_000 + (revision % 60_000));
      passed += 60_000;
      const began = performance.now();
      act(pair);
      took += performance.now() - began;
      if (n % 20 === 0) await new Promise(setImmediate);
    }
    return { cpu: (took * 1000) / changes };
  };
  return {
    rollcall: async () => {
      const before = delivered;
      const figures = await cpuOf((pair) => sink?.apply([read(pair)], pair.mod_revision ?? ''));
      if (delivered - before !== changes || known !== size) throw new Error(`${delivered - before} snapshots of ${known} instances`);
      return figures;
    },
    peer: async () => {
      const figures = await cpuOf(rebuild);
      if (pushed.length !== size) throw new Error(`${pushed.length} pushed`);
      return figures;
    },
  };
}

const row = (size: number): Row => ({
  name: `change-${size}`,
  what: `one of ${size.toLocaleString('en')} instances changes: from etcd's event to the delivered snapshot`,
  peer: 'the whole list made anew and pushed for each event',
  metrics: [{ name: 'cpu', what: 'µs of CPU a change', ...(size >= 10_000 ? { goals: [{ of: 'median', atMost: 100 }] } : {}) }],
  rounds: 20,
  series: { name: 'change', title: 'One change', of: 'instances', n: size },
  open: () => open(size),
});

export const changeRows: readonly Row[] = [100, 1_000, 10_000].map(row);
