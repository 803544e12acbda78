import type { Server } from '@grpc/grpc-js';

import { throwIfAborted } from '../core/cancellation.js';
import { toRollcallError } from '../core/errors.js';
import { createInstance } from '../core/instance.js';
import { chooseAdvertised } from './advertise.js';
import { boundName, parseBindAddress } from './bind-address.js';
import { assertPortFree } from './free-port.js';
import { bindServer } from './server-port.js';
import { type HealthService, healthServiceName, installHealth } from './serving/health-service.js';
import { RunningServer } from './serving/running-server.js';
import { type ParsedServeOptions, parseServeOptions, type ServeOptions } from './serving/serve-options.js';
import { ServerHealth } from './serving/server-health.js';
import { serviceNames } from './serving/service-names.js';
import type { ServingHandle } from './serving/serving-handle.js';

export type { HealthService } from './serving/health-service.js';
export type { ServeOptions } from './serving/serve-options.js';
export type { ServingHandle, ServingStatus, StopOptions } from './serving/serving-handle.js';
export type { ServingState } from './serving/serving-state.js';
export { type SignalSource, stopOnSignals, type StopOnSignalsOptions, type StopSignal } from './serving/stop-on-signals.js';

/**
 * Has a grpc-js server listen and, once it does, registers it. The server is this function's from here on: it is bound once, and `stop` shuts all of it down.
 * Add its services before: each is also given a health status.
 * @throws RollcallError UNKNOWN_OPTION, INVALID_*, NO_ADVERTISABLE_ADDRESS, BIND_FAILED, ABORTED, and whatever `register` rejects with. Nothing
 *   listens then. After BIND_FAILED take a new Server: grpc-js answers a second try on the same port with the first error.
 */
export async function serve(server: Server, options: ServeOptions): Promise<ServingHandle> {
  const parsed = parseServeOptions(options);
  const { bind, service, id, weight, version, zone, metadata, registry, ttl, signal } = parsed;
  const bindAddress = parseBindAddress(bind);
  const advertised = chooseAdvertised(bindAddress, parsed.advertise, parsed.interfaces);
  const instance = { service, id, weight, version, zone, metadata };
  // Before anything listens; which port it will be makes no difference to the check.
  createInstance({ ...instance, address: advertised(1) });
  throwIfAborted(signal, `serving ${service}`);

  await assertPortFree(bind, bindAddress);
  throwIfAborted(signal, `serving ${service}`);
  const health = await addHealth(server, parsed);
  const boundPort = await bindServer(server, bind, parsed.credentials);
  const port = bindAddress.kind === 'tcp' ? boundPort : 0;
  const name = boundName(bind, bindAddress, port);
  try {
    throwIfAborted(signal, `serving ${service}`);
    const running = await RunningServer.register(
      { server, name, port, health: health?.statuses, healthService: health?.service },
      registry,
      { ...instance, address: advertised(port) },
      { ttl, signal },
      { ...parsed, propagationMs: parsed.propagationDelay * 1000, graceMs: parsed.grace * 1000 },
    );
    health?.follow(running);
    return running;
  } catch (error) {
    health?.statuses.close();
    server.unbind(name);
    throw toRollcallError(error, `registering ${service}`);
  }
}

interface AddedHealth {
  readonly service: HealthService;
  readonly statuses: ServerHealth;
  /** Has the server do what the status of the whole server says. */
  follow(running: RunningServer): void;
}

/** The package is loaded here and not above, because a process that serves nothing has no use for it. */
async function addHealth(server: Server, { health, service, logger }: ParsedServeOptions): Promise<AddedHealth | undefined> {
  if (health === false) return undefined;
  const own = health === true;
  const names = [service, ...serviceNames(server).filter((name) => name !== healthServiceName)];
  const implementation = own ? new (await import('grpc-health-check')).HealthImplementation() : health;
  let running: RunningServer | undefined;
  let early: boolean | undefined;
  const statuses = new ServerHealth(installHealth(server, implementation, logger), names, own, (serving) => {
    early = serving;
    running?.wish(serving);
  });
  return {
    service: implementation,
    statuses,
    follow(started) {
      running = started;
      // Said while it was starting.
      if (early === false) running.wish(false);
    },
  };
}
