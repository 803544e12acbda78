/** Serves simple_grpc until SIGINT or SIGTERM. Usage: ROLLCALL_REGISTRY=etcd://127.0.0.1:2379 npx tsx examples/nestjs/server.ts */
import { Logger } from '@nestjs/common';

import { createSimpleServer } from './simple-server.js';

Logger.overrideLogger(['warn', 'error']);

const app = await createSimpleServer(process.env.ROLLCALL_REGISTRY ?? 'etcd://127.0.0.1:2379');
app.enableShutdownHooks();
await app.listen();
console.log('serving simple_grpc');
