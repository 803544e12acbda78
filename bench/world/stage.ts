import { Etcd3 } from 'etcd3';

import { type Etcd, startEtcd } from '../../test/support/etcd.js';
import { Teardown } from '../support/teardown.js';

/** Where a row runs: the etcd of the whole run, and a list of what to take down after it. */
export class Stage {
  readonly undo = new Teardown();
  #endpoint: string | undefined;

  /** @param endpoint of the run's etcd; default: one of its own, once it is asked for */
  constructor(endpoint?: string) {
    this.#endpoint = endpoint;
  }

  /** `host:port`. */
  async endpoint(): Promise<string> {
    this.#endpoint ??= (await this.ownEtcd()).endpoints[0];
    return this.#endpoint as string;
  }

  /** A registry URL. */
  async url(): Promise<string> {
    return `etcd://${await this.endpoint()}/rollcall`;
  }

  /** The plain client that many rows compare with, as its users open it. */
  async etcd3(): Promise<Etcd3> {
    return this.undo.add(new Etcd3({ hosts: `http://${await this.endpoint()}` }), (client) => client.close());
  }

  /** One that nobody else uses. */
  async ownEtcd(): Promise<Etcd> {
    return this.undo.add(await startEtcd(), (each) => each.stop());
  }
}
