import type { Server, ServerWritableStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

import type { Logger } from '../../core/logger.js';

/** What `serve` needs of a `HealthImplementation` of the package grpc-health-check. */
export interface HealthService {
  setStatus(service: string, status: 'SERVING' | 'NOT_SERVING' | 'UNKNOWN'): void;
  addToServer(server: never): void;
}

export const healthServiceName = 'grpc.health.v1.Health';

type WatchStream = ServerWritableStream<{ service: string }, { status: string }>;
type WatchHandler = (call: WatchStream) => void;

/** A health service at work on a server. */
export interface InstalledHealth {
  readonly implementation: HealthService;
  /** Calls back with the status of that name, now and whenever it changes; not at all if the implementation cannot be watched. */
  observe(service: string, listener: (status: string) => void): void;
  /** Ends what watches it over the network: such a stream never ends by itself, and would hold up the shutdown until it is cut. */
  endStreams(): void;
}

/**
 * Adds the health service to a server, unless it has one: then that one keeps answering, and if it is another implementation, it says what
 * its owner tells it.
 */
export function installHealth(server: Server, implementation: HealthService, logger: Logger): InstalledHealth {
  const streams = new Set<WatchStream>();
  let watch: WatchHandler | undefined;
  const between = {
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation): void {
      const name = ['watch', 'Watch'].find((each) => typeof handlers[each] === 'function');
      watch = name === undefined ? undefined : (handlers[name] as unknown as WatchHandler).bind(handlers);
      const tracked: WatchHandler = (call) => {
        streams.add(call);
        const forget = (): void => {
          streams.delete(call);
        };
        call.once('cancelled', forget);
        call.once('close', forget);
        watch?.(call);
      };
      try {
        server.addService(definition, name === undefined ? handlers : { ...handlers, [name]: tracked });
      } catch (error) {
        logger.info({ err: error }, 'the server has a health service already, which stays as it is');
      }
    },
  };
  implementation.addToServer(between as never);
  return {
    implementation,
    observe(service, listener) {
      try {
        watch?.(observer(service, listener));
      } catch (error) {
        logger.warn({ err: error, service }, 'the health implementation cannot be watched; a status set on it directly changes no weight');
      }
    },
    endStreams() {
      for (const call of [...streams]) {
        // The implementation takes back its watcher, and writes no more to a stream that has ended.
        call.emit('cancelled', 'the server is shutting down');
        call.end();
      }
    },
  };
}

/** The stream of a client that is this process. It lives as long as the server, so it needs no end. */
function observer(service: string, listener: (status: string) => void): WatchStream {
  const call = {
    request: { service },
    cancelled: false,
    write({ status }: { status: string }) {
      listener(status);
      return true;
    },
    on: () => call,
    once: () => call,
  };
  return call as unknown as WatchStream;
}
