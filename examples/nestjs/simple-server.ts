/** A Nest microservice that answers the roll as `simple_grpc`. */
import { fileURLToPath } from 'node:url';

import { Controller, type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AsyncMicroserviceOptions, GrpcMethod } from '@nestjs/microservices';

import type { SimpleRequest, SimpleResponse } from '../simple.js';
import { RollcallServer } from './rollcall-server.js';
import { Rollcall, RollcallModule } from './rollcall.module.js';

const protoPath = fileURLToPath(new URL('../../proto/simple.proto', import.meta.url));

@Controller()
class SimpleController {
  @GrpcMethod('Simple', 'Route')
  route({ data }: SimpleRequest): SimpleResponse {
    return { code: 200, value: `hello ${data}` };
  }
}

/** @param controller what answers Simple.Route */
export function createSimpleServer(registry: string, controller: Type = SimpleController): Promise<INestMicroservice> {
  @Module({ imports: [RollcallModule.forRoot(registry)], controllers: [controller] })
  class ServerModule {}

  return NestFactory.createMicroservice<AsyncMicroserviceOptions>(ServerModule, {
    inject: [Rollcall],
    useFactory: ({ registry }: Rollcall) => ({
      strategy: new RollcallServer({
        package: '', // simple.proto names none
        protoPath,
        serve: { registry, service: 'simple_grpc', bind: '127.0.0.1:0', propagationDelay: 0.3, grace: 10 },
      }),
    }),
  });
}
