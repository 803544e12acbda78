/** A Nest module whose gRPC client reads the roll. */
import { fileURLToPath } from 'node:url';

import { type DynamicModule, Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { type ClientGrpc, ClientsModule } from '@nestjs/microservices';
import { lastValueFrom, type Observable } from 'rxjs';

import type { SimpleRequest, SimpleResponse } from '../simple.js';
import { Rollcall, RollcallModule } from './rollcall.module.js';

const protoPath = fileURLToPath(new URL('../../proto/simple.proto', import.meta.url));

interface Simple {
  route(request: SimpleRequest): Observable<SimpleResponse>;
}

@Injectable()
export class SimpleCaller implements OnModuleInit {
  readonly #client: ClientGrpc;
  #simple: Simple | undefined;

  // By token: esbuild and tsx write no types of constructor parameters down for Nest.
  constructor(@Inject('SIMPLE') client: ClientGrpc) {
    this.#client = client;
  }

  onModuleInit(): void {
    this.#simple = this.#client.getService<Simple>('Simple');
  }

  async call(data: string): Promise<string> {
    if (this.#simple === undefined) throw new Error('not initialised yet');
    return (await lastValueFrom(this.#simple.route({ data }))).value;
  }
}

const simpleClient = ClientsModule.registerAsync([
  { name: 'SIMPLE', inject: [Rollcall], useFactory: (rollcall: Rollcall) => rollcall.client('simple_grpc', { package: '', protoPath }) },
]);

@Module({})
export class SimpleClientModule {
  static forRoot(registry: string): DynamicModule {
    return { module: SimpleClientModule, imports: [RollcallModule.forRoot(registry), simpleClient], providers: [SimpleCaller], exports: [SimpleCaller] };
  }
}
