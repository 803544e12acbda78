import type { ChannelOptions } from '@grpc/grpc-js';

import type { SimpleClient } from '../../../examples/simple.js';
import { connect } from '../../../src/connect.js';
import type { Backend, Discovery } from '../../../src/core/index.js';
import { registerResolver, type ResolverHandle } from '../../../src/grpc/register-resolver.js';
import { simpleClient } from '../../grpc/support/simple-service.js';
import { CallLoops, type CallLoopsOptions } from './call-loops.js';
import { type PolicyChoice, serviceConfig } from './policies.js';

/** The client side of one service in a real etcd: any number of channels under any policy, all closed with it. */
export class CalledService implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #resolver: ResolverHandle;
  readonly #service: string;
  readonly #clients: SimpleClient[] = [];

  private constructor(backend: Backend, resolver: ResolverHandle, service: string) {
    this.#backend = backend;
    this.#resolver = resolver;
    this.#service = service;
  }

  static async open(url: string, service: string): Promise<CalledService> {
    const backend = await connect(url);
    return new CalledService(backend, registerResolver({ scheme: 'etcd', discovery: backend.discovery }), service);
  }

  get discovery(): Discovery {
    return this.#backend.discovery;
  }

  /** A channel of its own, with connections of its own. */
  client(policy: PolicyChoice, config: object = {}, options: ChannelOptions = {}): SimpleClient {
    const channelOptions = this.#resolver.channelOptions({ 'grpc.use_local_subchannel_pool': 1, ...serviceConfig(policy, config), ...options });
    const client = simpleClient(this.#resolver.target(this.#service), channelOptions);
    this.#clients.push(client);
    return client;
  }

  /** The loops begin at once. */
  callIn(loops: CallLoopsOptions, policy: PolicyChoice, config: object = {}): CallLoops {
    return new CallLoops(this.client(policy, config), loops);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#resolver.close();
    await this.#backend.close();
  }
}
