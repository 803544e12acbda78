/** A client that reads the roll: a plain grpc-js client, its calls balanced over whoever serves `simple_grpc`. */
import { setTimeout as sleep } from 'node:timers/promises';

import { credentials } from '@grpc/grpc-js';
import { connect } from 'rollcall';
import { registerResolver } from 'rollcall/grpc';

import { readCommandLine, readWholeNumber, run, schemeOf } from './command-line.js';
import { call, SimpleClient } from './simple.js';

const usage = `usage: npx tsx examples/client.ts [--registry URL] [--calls N] [--interval MS]

  --registry URL  where servers are registered (default: $ROLLCALL_REGISTRY, else etcd://127.0.0.1:2379)
  --calls N       how many calls to make (default: 8)
  --interval MS   how long to wait between them, in milliseconds (default: 0)`;

const { registry, calls, interval } = readCommandLine(usage, {
  registry: { type: 'string', default: process.env.ROLLCALL_REGISTRY ?? 'etcd://127.0.0.1:2379' },
  calls: { type: 'string', default: '8' },
  interval: { type: 'string', default: '0' },
});
const callCount = readWholeNumber('--calls', calls, usage);
const intervalMs = readWholeNumber('--interval', interval, usage);

await run(async () => {
  const rollcall = await connect(registry);
  try {
    const scheme = schemeOf(registry);
    const resolver = registerResolver({ scheme, discovery: rollcall.discovery });
    const client = new SimpleClient(`${scheme}:///simple_grpc`, credentials.createInsecure(), resolver.channelOptions());
    try {
      for (let i = 0; i < callCount; i++) {
        if (i > 0) await sleep(intervalMs);
        console.log(await call(client, `grpc ${i}`));
      }
    } finally {
      client.close();
      resolver.close();
    }
  } finally {
    await rollcall.close();
  }
});
