/**
 * A process of its own that registers and watches, to be suspended: `participant.ts <client> <endpoint> <address>...`.
 * Writes `ready` once all of it stands, and each set of addresses that its watch shows.
 */
import { clients } from './clients/index.js';

const [name, endpoint = '', ...own] = process.argv.slice(2);
const client = clients.find((each) => each.name === name);
if (client === undefined) throw new Error(`no client ${String(name)}`);
const connection = await client.connect({ endpoints: [endpoint] });
for (const address of own) await connection.register(address);
const shown = await connection.watch();
shown.onChange(() => console.log(JSON.stringify([...shown.addresses])));
console.log('ready');
