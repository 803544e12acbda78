/** Copy this file: what `serve` of rollcall/grpc does, for a server of nice-grpc, which shows its grpc-js server to nobody. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Server } from 'nice-grpc';
import { formatAddress, type Registry } from 'rollcall';

export interface NiceServing {
  readonly address: string;
  /** Takes the record back, serves on while clients hear of it, lets calls under way finish. */
  stop(): Promise<void>;
}

/** Delays in milliseconds. `host` is where to listen and what clients dial; the system chooses the port. */
export async function serveNice(
  server: Server,
  { registry, service, host, propagationDelay = 300, grace = 10_000 }: { registry: Registry; service: string; host: string; propagationDelay?: number; grace?: number },
): Promise<NiceServing> {
  const address = formatAddress(host, await server.listen(formatAddress(host, 0)));
  try {
    const registration = await registry.register({ service, address });
    const stop = async (): Promise<void> => {
      try {
        await registration.deregister();
        await sleep(propagationDelay);
      } finally {
        // shutdown() alone waits for ever on a stream that nobody ends.
        const force = setTimeout(() => server.forceShutdown(), grace);
        await server.shutdown();
        clearTimeout(force);
      }
    };
    return { address, stop };
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
}
