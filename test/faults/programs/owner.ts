/**
 * A server as seen from the registry: registers one instance, goes on changing its record every 100 ms, and watches the
 * service. Reports each thing that happens as one line of JSON. Ends in order on SIGTERM.
 *
 *     owner.ts <options of the etcd adapter as JSON> <service> <id> <address>
 */
import { connectEtcd, type EtcdOptions } from '../../../src/adapters/etcd/index.js';
import { RollcallError } from '../../../src/core/index.js';

/** With the time in milliseconds since the epoch, which the test's process shares. */
export type Report =
  | { readonly at: number; readonly event: 'registered' }
  | { readonly at: number; readonly event: 'state'; readonly state: string }
  | { readonly at: number; readonly event: 'update failed'; readonly code: string }
  | { readonly at: number; readonly event: 'snapshot'; readonly status: string; readonly ids: readonly string[] };

type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never;

function report(what: Unstamped<Report>): void {
  console.log(JSON.stringify({ at: Date.now(), ...what }));
}

const [options = '{}', service = '', id = '', address = ''] = process.argv.slice(2);
const backend = await connectEtcd(JSON.parse(options) as Partial<EtcdOptions>);
const registration = await backend.registry.register({ service, id, address });
registration.subscribe((state) => {
  report({ event: 'state', state });
});
backend.discovery.watch(service).subscribe(({ status, instances }) => {
  report({ event: 'snapshot', status, ids: instances.map((instance) => instance.id) });
});
let beats = 0;
const beating = setInterval(() => {
  registration.update({ metadata: { beats: String(++beats) } }).catch((error: unknown) => {
    report({ event: 'update failed', code: error instanceof RollcallError ? error.code : String(error) });
  });
}, 100);
process.once('SIGTERM', () => {
  clearInterval(beating);
  void backend.close();
});
report({ event: 'registered' });
