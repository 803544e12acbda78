/** Lives through outages of etcd as a client of rollcall or of plain etcd3: `survivor.ts <rollcall|etcd3> <endpoint>`. */
import { service } from '../faults/clients/client.js';
import { clients } from '../faults/clients/index.js';
import { answering } from '../world/answering.js';
import { sinceBoot } from '../world/since-boot.js';

export type SurvivorQuestion =
  /** Answered once it shows this address and says that it is not cut off: when that was. */
  | { readonly shows: string }
  /** Registers another address; answered at once, as it may take until etcd is back. */
  | { readonly register: string }
  /** Answered once it is connected, registered and watching. */
  | 'ready';

const [name = '', endpoint = ''] = process.argv.slice(2);
const client = clients.find((each) => each.name === name);
if (client === undefined) throw new Error(`no client ${name}`);
// A client that throws inside a callback of its own would end a user's process; here the row goes on.
process.on('uncaughtException', (error) => console.error(`${name}, thrown outside of any call:`, error));
process.on('unhandledRejection', (error) => console.error(`${name}, rejected, and nobody to catch it:`, error));

const connection = await client.connect({ endpoints: [endpoint] });
await connection.register(`${service}-${name}.test:80`);
const shown = await connection.watch();

answering((question) => {
  const asked = question as SurvivorQuestion;
  if (asked === 'ready') return undefined;
  if ('register' in asked) {
    void connection.register(asked.register);
    return undefined;
  }
  return new Promise<number>((resolve) => {
    const check = (): void => {
      if (shown.stale || !shown.addresses.has(asked.shows)) return;
      listening[Symbol.dispose]();
      resolve(sinceBoot());
    };
    const listening = shown.onChange(check);
    check();
  });
});
