/**
 * A client that does nothing but stay registered and watch: `idle-client.mjs <rollcall|etcd3> <endpoint> <n>`. It registers one instance of each of
 * so many services and watches each of them. Tells its parent once all of it stands, and what it has used so far whenever it is asked.
 *
 * JavaScript, and rollcall as it is published: a process with a translator in it is never as idle as those of our users.
 */
import process from 'node:process';

import { Etcd3 } from 'etcd3';

import { connect } from '../../dist/index.js';

/** What the watches have delivered. */
let delivered = 0;
const tell = () => {
  delivered++;
};

async function rollcall(endpoint, services) {
  const { registry, discovery } = await connect(`etcd://${endpoint}/rollcall`);
  await Promise.all(services.map((service) => registry.register({ service, address: '127.0.0.1:8000' })));
  const live = (service) =>
    new Promise((resolve) => {
      discovery.watch(service).subscribe(({ status }) => {
        tell();
        if (status === 'live') resolve();
      });
    });
  await Promise.all(services.map(live));
}

/** One lease for all of it, as rollcall has it, of the same TTL. */
async function etcd3(endpoint, services) {
  const client = new Etcd3({ hosts: `http://${endpoint}` });
  const lease = client.lease(5);
  await Promise.all(services.map((service) => lease.put(`/rollcall/${service}/127.0.0.1:8000`).value('{"address":"127.0.0.1:8000"}')));
  await Promise.all(services.map(async (service) => (await client.watch().prefix(`/rollcall/${service}/`).create()).on('put', tell).on('delete', tell)));
}

const [side, endpoint, count] = process.argv.slice(2);
const services = Array.from({ length: Number(count) }, (_, n) => `svc-${n}`);
await (side === 'rollcall' ? rollcall : etcd3)(endpoint, services);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000, turns: performance.nodeTiming.uvMetricsInfo.loopCount, delivered });
});
process.once('disconnect', () => process.exit());
process.send('ready');
