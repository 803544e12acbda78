import { toRollcallError } from '../core/errors.js';
import type { ServiceInstance } from '../core/instance.js';
import type { Logger } from '../core/logger.js';
import type { Candidate } from '../core/selection/candidate.js';
import { endpointOf, type InstanceEndpoint } from './endpoint.js';
import type { ServerNameOf } from './server-name.js';

/** Makes endpoints of candidates; one that cannot be dialled must not hide the others (law 5). */
export class EndpointMaker {
  readonly #serverName: ServerNameOf | undefined;
  readonly #logger: Logger;
  /** Why an instance cannot be dialled; each is said once. */
  readonly #refused = new WeakMap<ServiceInstance, string>();

  constructor(serverName: ServerNameOf | undefined, logger: Logger) {
    this.#serverName = serverName;
    this.#logger = logger;
  }

  of({ instance, share }: Candidate): InstanceEndpoint | undefined {
    try {
      const endpoint = endpointOf(instance, this.#serverName === undefined ? { share } : { share, serverName: this.#serverNameOf(instance) });
      this.#refused.delete(instance);
      return endpoint;
    } catch (error) {
      const err = toRollcallError(error);
      if (this.#refused.get(instance) === err.message) return undefined;
      this.#refused.set(instance, err.message);
      this.#logger.warn({ err, service: instance.service, id: instance.id }, 'left out an instance that cannot be dialled');
      return undefined;
    }
  }

  /** Why `of` gave none. */
  whyNot(instance: ServiceInstance): string | undefined {
    return this.#refused.get(instance);
  }

  #serverNameOf(instance: ServiceInstance): string | undefined {
    const name: unknown = this.#serverName?.(instance);
    if (name === undefined || (typeof name === 'string' && name !== '')) return name;
    throw new TypeError(`serverName gave ${typeof name === 'string' ? 'an empty text' : typeof name} for ${instance.id}, not a name`);
  }
}
