/** What operators ask of a program: a readiness probe, figures, transitions. `tsx examples/operations.ts` needs no etcd; set ROLLCALL_REGISTRY for one. */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { connect, type DiagnosticMessages } from 'rollcall';

const { registry, discovery, close } = await connect(process.env.ROLLCALL_REGISTRY ?? 'memory:', { logger: console });

// Ready while our own record stands in the registry, as far as we know. Trouble with reading is no reason to be taken out:
// what was known stays in use.
const ready = (): boolean => registry.status.state === 'live' && registry.status.registrations.active > 0;

const figures = (): string => {
  const { registrations, counters, revisionAt } = registry.status;
  const { services, counters: reading } = discovery.status;
  return [
    `rollcall_registrations{state="active"} ${registrations.active}`,
    `rollcall_registrations{state="recovering"} ${registrations.recovering}`,
    `rollcall_reconnects_total ${counters.reconnects}`,
    `rollcall_lost_leases_total ${counters.lostLeases}`,
    `rollcall_keepalive_max_ms ${counters.keepaliveMs?.max ?? 0}`,
    `rollcall_services{status="stale"} ${services.stale}`,
    `rollcall_resyncs_total ${reading.resyncs}`,
    `rollcall_backend_silent_ms ${revisionAt === undefined ? 0 : Date.now() - revisionAt}`,
  ].join('\n');
};

const probes = createServer(({ url }, response) => {
  if (url === '/metrics') response.end(`${figures()}\n`);
  else response.writeHead(ready() ? 200 : 503).end(`${JSON.stringify(registry.status)}\n`);
});
probes.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
await once(probes, 'listening');

// Every transition, also for a tracer that knows nothing of this program.
subscribe('rollcall:registration', (message) => {
  const { instance, state, detail } = message as DiagnosticMessages['rollcall:registration'];
  console.log(`${instance.service} ${instance.id} ${state}${detail.reason === undefined ? '' : `: ${detail.reason.message}`}`);
});
discovery.subscribe(({ state, lastError }) => {
  console.log(`discovery ${state}${state === 'stale' && lastError !== undefined ? `: ${lastError.message}` : ''}`);
});

await registry.register({ service: 'orders', address: '10.0.0.1:8000' });
console.log(`ready on http://127.0.0.1:${(probes.address() as AddressInfo).port}`);

process.once('SIGTERM', () => {
  probes.close();
  void close();
});
