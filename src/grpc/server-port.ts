import type { Server, ServerCredentials } from '@grpc/grpc-js';

import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';

/**
 * Has the server listen; resolves with the port.
 * @throws RollcallError BIND_FAILED with what the system said.
 */
export function bindServer(server: Server, bind: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(new RollcallError('BIND_FAILED', `cannot listen on ${quote(bind)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }));
    };
    try {
      server.bindAsync(bind, credentials, (error, port) => {
        if (error === null) resolve(port);
        else fail(error);
      });
    } catch (error) {
      fail(error);
    }
  });
}

/**
 * Ends a server: no new calls, those under way have `graceMs` to finish, then they are cut; at once when `now` aborts.
 * `drain` first: after `tryShutdown` it does nothing, and `tryShutdown` alone waits for ever on an open stream.
 * @param name as `boundName` gives it; `drain` passes over any other in silence.
 */
export function shutDownServer(server: Server, name: string, graceMs: number, clock: Clock, now?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const force = (): void => {
      server.forceShutdown();
    };
    server.drain(name, graceMs);
    const timer = clock.setTimer(force, graceMs);
    now?.addEventListener('abort', force, { once: true });
    server.tryShutdown(() => {
      timer[Symbol.dispose]();
      now?.removeEventListener('abort', force);
      resolve();
    });
    if (now?.aborted === true) force();
  });
}
