/**
 * Brings an etcd to refuse writes with "too many requests", as it does once it has taken in 5,000 more than it has carried
 * out: one transaction that keeps it busy for some seconds (ranges over 20,000 keys, each sorted by value), and behind it
 * as many puts as it takes. Reports `{"event":"refusing"}` as a line of JSON with the first that it refuses, and
 * `{"event":"over"}` when all are answered.
 *
 *     flood.ts <endpoint> <seconds, about: of an etcd that has nothing else to do>
 */
import { noop } from 'cockatiel';
import { Etcd3 } from 'etcd3';

const [endpoint = '', seconds = '2'] = process.argv.slice(2);
const client = new Etcd3({ hosts: `http://${endpoint}`, faultHandling: { host: () => noop, global: noop } });
const bytes = (text: string): Buffer => Buffer.from(text);

function report(event: 'refusing' | 'over'): void {
  console.log(JSON.stringify({ event }));
}

for (let from = 0; from < 20_000; from += 100) {
  const success = Array.from({ length: 100 }, (_, n) => ({ request_put: { key: bytes(`/flood/${from + n}`), value: bytes('x') } }));
  await client.kv.txn({ compare: [], success, failure: [] });
}

/** How long that many ranges took, in milliseconds. There is a put among them, so that etcd carries them out in turn with all writes. */
async function keepBusy(ranges: number): Promise<number> {
  const range = { request_range: { key: bytes('/flood/'), range_end: bytes('/flood0'), sort_target: 'Value', sort_order: 'Descend', limit: 1 } } as const;
  const started = performance.now();
  const success = [{ request_put: { key: bytes('/busy'), value: bytes('x') } }, ...Array.from({ length: ranges }, () => range)];
  await client.kv.txn({ compare: [], success, failure: [] });
  return performance.now() - started;
}

const msPerRange = (await keepBusy(10)) / 10;
const settled: Promise<unknown>[] = [keepBusy(Math.min(127, Math.ceil((Number(seconds) * 1000) / msPerRange))).catch(() => undefined)];
const refusing = new AbortController();
for (let sent = 0; !refusing.signal.aborted && sent < 20_000; sent++) {
  const put = client.kv.put({ key: bytes(`/flood/more-${sent % 100}`), value: bytes('x') });
  settled.push(
    put.catch((error: unknown) => {
      if (refusing.signal.aborted || !String(error).includes('too many requests')) return;
      refusing.abort();
      report('refusing');
    }),
  );
  // Answers are only read in between.
  if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await Promise.all(settled);
report('over');
client.close();
