/** A server that answers the roll: listens, registers `simple_grpc`, and on SIGINT or SIGTERM leaves without failing a call. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connect, formatAddress } from 'rollcall';
import { serve } from 'rollcall/grpc';

import { readCommandLine, readWholeNumber, run } from './command-line.js';
import { route, simpleService } from './simple.js';

const usage = `usage: npx tsx examples/server.ts [--registry URL] [--host HOST] [--port PORT]

  --registry URL  where to register (default: $ROLLCALL_REGISTRY, else etcd://127.0.0.1:2379)
  --host HOST     where to listen, and what clients dial (default: localhost)
  --port PORT     0 lets the system choose (default: 8000)`;

const { registry, host, port } = readCommandLine(usage, {
  registry: { type: 'string', default: process.env.ROLLCALL_REGISTRY ?? 'etcd://127.0.0.1:2379' },
  host: { type: 'string', default: 'localhost' },
  port: { type: 'string', default: '8000' },
});
const bind = formatAddress(host, readWholeNumber('--port', port, usage));

await run(async () => {
  const stopSignal = nextStopSignal();
  const rollcall = await connect(registry);
  try {
    const server = new Server();
    server.addService(simpleService, { route });
    const serving = await serve(server, {
      registry: rollcall.registry,
      service: 'simple_grpc',
      bind,
      credentials: ServerCredentials.createInsecure(),
    });
    console.log(`serving simple_grpc at ${serving.address}`);
    console.log(`${await stopSignal}: leaving`);
    await serving.stop();
    console.log('stopped');
  } finally {
    await rollcall.close();
  }
});

/** The first SIGINT or SIGTERM. Another one later ends the process at once; npx sends the first one twice. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      resolve(signal);
      setTimeout(() => process.off('SIGINT', onSignal).off('SIGTERM', onSignal), 500).unref();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}
