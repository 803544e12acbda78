import { networkInterfaces } from 'node:os';

import type { Server, ServerCredentials } from '@grpc/grpc-js';

import { sleep, throwIfAborted } from '../core/cancellation.js';
import { type Clock, systemClock } from '../core/clock.js';
import { RollcallError, toRollcallError } from '../core/errors.js';
import type { InstanceInit } from '../core/instance.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { Registration, Registry, Seconds } from '../core/ports.js';
import { quote } from '../core/quote.js';
import { chooseAdvertised, type Interfaces } from './advertise.js';
import { boundName, parseBindAddress } from './bind-address.js';
import { assertPortFree } from './free-port.js';
import { bindServer, shutDownServer } from './server-port.js';

export interface ServeOptions extends Omit<InstanceInit, 'address'> {
  /** Where the server is registered. Stays the caller's: `stop()` does not close it. */
  readonly registry: Registry;
  /** `localhost:8000`, `0.0.0.0:8000`, `[::]:0`, `unix:/run/x.sock`. Port 0 lets the system choose. */
  readonly bind: string;
  readonly credentials: ServerCredentials;
  /**
   * What clients dial: a host, to which the bound port is added, or `host:port`. Default: the host of `bind`; if that means
   * every interface, this machine's address, provided it has only one that others can reach.
   */
  readonly advertise?: string | undefined;
  /** How long the record outlives this process when it dies without a word. Default: the registry's. */
  readonly ttl?: Seconds | undefined;
  /** How long `stop` goes on serving after the record is gone, so that every client has heard of it. Default 0.3. */
  readonly propagationDelay?: Seconds | undefined;
  /** How long calls under way may take to finish before `stop` cuts them. Default 10. */
  readonly grace?: Seconds | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: `os.networkInterfaces`. */
  readonly interfaces?: Interfaces | undefined;
  /** Gives up starting: rejects with ABORTED and leaves nothing running. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServingHandle extends AsyncDisposable {
  /** As registered: what clients dial. */
  readonly address: string;
  /** The bound port; 0 for a unix socket. */
  readonly port: number;
  readonly registration: Registration;
  /**
   * Takes the server out so that no call fails: removes the record, goes on serving while clients hear of it, lets the calls under way finish,
   * shuts the server down. Idempotent.
   * @throws RollcallError if the record could not be removed; the server is shut down all the same.
   */
  stop(): Promise<void>;
}

/**
 * Has a grpc-js server listen and, once it does, registers it. The server is this function's from here on: it is bound once, and `stop` shuts all of it down.
 * @throws RollcallError INVALID_*, NO_ADVERTISABLE_ADDRESS, BIND_FAILED, ABORTED, and whatever `register` rejects with. Nothing
 *   listens then. After BIND_FAILED take a new Server: grpc-js answers a second try on the same port with the first error.
 */
export async function serve(server: Server, options: ServeOptions): Promise<ServingHandle> {
  const { registry, bind, credentials, advertise, ttl, signal, logger = silentLogger, clock = systemClock, interfaces = networkInterfaces } = options;
  const { service, id, weight, version, zone, metadata } = options;
  const propagationMs = milliseconds('propagationDelay', options.propagationDelay ?? 0.3);
  const graceMs = milliseconds('grace', options.grace ?? 10);
  if (typeof (registry as Partial<Registry> | undefined)?.register !== 'function') {
    throw new RollcallError('INVALID_CONFIG', 'option "registry" of serve is not a Registry; pass the registry of what connect() gave');
  }
  const bindAddress = parseBindAddress(bind);
  const advertised = chooseAdvertised(bindAddress, advertise, interfaces);
  throwIfAborted(signal, `serving ${service}`);

  await assertPortFree(bind, bindAddress);
  throwIfAborted(signal, `serving ${service}`);
  const boundPort = await bindServer(server, bind, credentials);
  const port = bindAddress.kind === 'tcp' ? boundPort : 0;
  const name = boundName(bind, bindAddress, port);
  const address = advertised(port);
  let registration: Registration;
  try {
    throwIfAborted(signal, `serving ${service}`);
    registration = await registry.register({ service, address, id, weight, version, zone, metadata }, { ttl, signal });
  } catch (error) {
    server.unbind(name);
    throw toRollcallError(error, `registering ${service}`);
  }
  logger.info({ service, id: registration.instance.id, address, bind: name }, 'serving');

  const stop = async (): Promise<void> => {
    let failure: RollcallError | undefined;
    try {
      await registration.deregister();
    } catch (error) {
      failure = toRollcallError(error);
      logger.error({ err: failure, service, address }, 'the record could not be removed; shutting down all the same');
    }
    await sleep(clock, propagationMs, new AbortController().signal);
    await shutDownServer(server, name, graceMs, clock);
    logger.info({ service, address }, 'stopped serving');
    if (failure !== undefined) throw failure;
  };
  let stopping: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => (stopping ??= stop());
  return { address, port, registration, stop: stopOnce, [Symbol.asyncDispose]: stopOnce };
}

function milliseconds(option: string, seconds: unknown): number {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 86_400)) {
    throw new RollcallError('INVALID_CONFIG', `${option} ${quote(seconds)} is not a number of seconds from 0 to 86400`);
  }
  return seconds * 1000;
}
