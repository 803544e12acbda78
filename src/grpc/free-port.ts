import dns from 'node:dns';
import { createServer, isIP } from 'node:net';

import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { BindAddress } from './bind-address.js';

/**
 * Makes sure that nobody holds the port, at any address of a host name. grpc-js is content if one of them can be bound:
 * with `localhost` at 127.0.0.1 and ::1, and the port of one of the two taken, the name would lead half of the clients
 * to a stranger.
 * @throws RollcallError BIND_FAILED
 */
export async function assertPortFree(bind: string, address: BindAddress): Promise<void> {
  if (address.kind === 'unix' || address.port === 0) return;
  if (isIP(address.host) !== 0) return tryToListen(bind, address.host, address.port);
  // A name that cannot be looked up is for the bind itself to complain about.
  const found = await dns.promises.lookup(address.host, { all: true }).catch(() => []);
  for (const { address: host } of found) await tryToListen(bind, host, address.port);
}

function tryToListen(bind: string, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Any other failure, such as no IPv6 on this machine, is none of this check's business.
      if (error.code === 'EADDRINUSE') reject(new RollcallError('BIND_FAILED', `cannot listen on ${quote(bind)}: the port is in use (${error.message})`, { cause: error }));
      else resolve();
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}
