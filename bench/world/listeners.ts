/**
 * So many addresses over real TCP, in a process of its own: `listeners.ts <count>`. HTTP/2 is spoken at each as far as a client's connection
 * becomes ready; calls are answered by nobody. Tells its parent the ports, and how many connections are open whenever that has changed.
 */
import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';

export type ListenersReport = { readonly ports: readonly number[] } | { readonly open: number };

const report = (what: ListenersReport): void => {
  process.send?.(what);
};

const http2 = createHttp2Server();
let open = 0;
http2.on('session', (session) => {
  // The client's first frame is behind it by then.
  session.once('remoteSettings', () => open++);
  session.once('close', () => open--);
  session.on('error', () => undefined);
});

const servers = Array.from({ length: Number(process.argv[2]) }, () => createServer((socket) => http2.emit('connection', socket)).listen(0, '127.0.0.1'));
await Promise.all(servers.map((server) => once(server, 'listening')));
report({ ports: servers.map((server) => (server.address() as AddressInfo).port) });

let told = 0;
setInterval(() => {
  if (open !== told) report({ open: (told = open) });
}, 50);
process.once('disconnect', () => process.exit());
