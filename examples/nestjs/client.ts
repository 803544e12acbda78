/** Calls simple_grpc a few times. Usage: ROLLCALL_REGISTRY=etcd://127.0.0.1:2379 npx tsx examples/nestjs/client.ts */
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { run } from '../command-line.js';
import { SimpleCaller, SimpleClientModule } from './simple-client.js';

Logger.overrideLogger(['warn', 'error']);

await run(async () => {
  const app = await NestFactory.createApplicationContext(SimpleClientModule.forRoot(process.env.ROLLCALL_REGISTRY ?? 'etcd://127.0.0.1:2379'));
  try {
    const simple = app.get(SimpleCaller);
    for (let i = 0; i < 4; i++) console.log(await simple.call(`nest ${i}`));
  } finally {
    await app.close();
  }
});
