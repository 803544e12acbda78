/** Copy this file: one connection to the registry for a Nest application, opened with it and closed after everything else. */
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { type Backend, connect } from 'rollcall';
import { registerResolver, type ResolverHandle } from 'rollcall/grpc';

/** What a gRPC client needs besides its address, which is the service's name here. */
export type GrpcClientOptions = Omit<GrpcOptions['options'], 'url'>;

/** Inject it where the registry, the discovery or a client's options are needed. */
export class Rollcall implements OnApplicationShutdown {
  readonly #backend: Backend;
  readonly #scheme: string;
  #resolver: ResolverHandle | undefined;

  constructor(backend: Backend, scheme: string) {
    this.#backend = backend;
    this.#scheme = scheme;
  }

  get registry(): Backend['registry'] {
    return this.#backend.registry;
  }

  get discovery(): Backend['discovery'] {
    return this.#backend.discovery;
  }

  /** Options for ClientsModule: the calls go to whichever instances of the service there are, as they come and go. */
  client(service: string, options: GrpcClientOptions): GrpcOptions {
    // With the first client, so that an application that only serves takes no scheme.
    this.#resolver ??= registerResolver({ scheme: this.#scheme, discovery: this.#backend.discovery });
    const channelOptions = this.#resolver.channelOptions(options.channelOptions);
    return { transport: Transport.GRPC, options: { ...options, url: this.#resolver.target(service), channelOptions } };
  }

  /** Nest's last hook. By then the server has stopped, and taken its record back. */
  async onApplicationShutdown(): Promise<void> {
    this.#resolver?.close();
    await this.#backend.close();
  }
}

@Module({})
export class RollcallModule {
  /** @param registry `etcd://127.0.0.1:2379`, `memory:`, … */
  static forRoot(registry: string): DynamicModule {
    const scheme = registry.replace(/:.*$/s, '').replace(/^etcds$/, 'etcd');
    const rollcall = { provide: Rollcall, useFactory: async () => new Rollcall(await connect(registry), scheme) };
    return { module: RollcallModule, global: true, providers: [rollcall], exports: [rollcall] };
  }
}
