/**
 * The whole of it in one program: two servers and a client; one server leaves in the middle, a third joins, and no call fails.
 * By default with a registry in memory; `npm run demo -- --registry etcd://127.0.0.1:2379` does the same over etcd.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, styleText } from 'node:util';

import { credentials, Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { connect, type Registry } from 'rollcall';
import { registerResolver, serve, type ServingHandle } from 'rollcall/grpc';

import { readCommandLine, run, schemeOf } from './command-line.js';
import { SimpleClient, type SimpleRequest, type SimpleResponse, simpleService } from './simple.js';

const usage = `usage: npm run demo -- [--registry URL]

  --registry URL  where servers register (default: memory:demo)`;

const { registry } = readCommandLine(usage, { registry: { type: 'string', default: 'memory:demo' } });
const callCount = 30;
const callIntervalMs = 130;
const colourful = process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '';

await run(async () => {
  const rollcall = await connect(registry);
  const servers: ServingHandle[] = [];
  try {
    const scheme = schemeOf(registry);
    say(`The registry is ${scheme}. Two servers register as simple_grpc.`);
    const anna = await startServer('anna', rollcall.registry);
    servers.push(anna);
    servers.push(await startServer('bela', rollcall.registry));

    const resolver = registerResolver({ scheme, discovery: rollcall.discovery });
    const client = new SimpleClient(`${scheme}:///simple_grpc`, credentials.createInsecure(), resolver.channelOptions());
    const answers = new Map<string, number>();
    let failures = 0;
    let leaving: Promise<unknown> | undefined;
    say(`A client calls ${scheme}:///simple_grpc, one call after the other.`);
    for (let i = 0; i < callCount; i++) {
      if (i === 10) {
        say('Server anna leaves: takes its record away, finishes its calls, stops. The client goes on.');
        leaving = anna.stop().then(
          () => console.log(`  ${paint('anna')} has stopped`),
          () => failures++,
        );
      }
      if (i === 20) {
        say('A third server joins.');
        servers.push(await startServer('carl', rollcall.registry));
      }
      try {
        const { response, server } = await route(client, `grpc ${i}`);
        answers.set(server, (answers.get(server) ?? 0) + 1);
        console.log(`  ${inspect(response, { colors: colourful })}  from ${paint(server)}`);
      } catch (error) {
        failures++;
        console.log(`  grpc ${i} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      await sleep(callIntervalMs);
    }
    await leaving;
    client.close();
    resolver.close();

    const shares = [...answers].map(([server, count]) => `${paint(server)} ${count}`).join(', ');
    say(`${callCount} calls, ${failures} failed. Answered by: ${shares}.`);
    if (failures > 0) process.exitCode = 1;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await rollcall.close();
  }
});

async function startServer(name: string, to: Registry): Promise<ServingHandle> {
  const server = new Server();
  server.addService(simpleService, {
    route(call: ServerUnaryCall<SimpleRequest, SimpleResponse>, callback: sendUnaryData<SimpleResponse>) {
      const served = new Metadata();
      served.set('served-by', name);
      call.sendMetadata(served);
      callback(null, { code: 200, value: `hello ${call.request.data}` });
    },
  });
  const serving = await serve(server, {
    registry: to,
    service: 'simple_grpc',
    bind: '127.0.0.1:0',
    credentials: ServerCredentials.createInsecure(),
  });
  console.log(`  ${paint(name)} serves at ${serving.address}`);
  return serving;
}

function route(client: SimpleClient, data: string): Promise<{ response: SimpleResponse; server: string }> {
  return new Promise((resolve, reject) => {
    let server = 'another server';
    const call = client.route({ data }, { deadline: Date.now() + 5000 }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no response'));
      else resolve({ response, server });
    });
    call.on('metadata', (metadata: Metadata) => {
      server = metadata.get('served-by').map(String)[0] ?? server;
    });
  });
}

function say(text: string): void {
  console.log(colourful ? styleText('bold', text) : text);
}

function paint(name: string): string {
  const colours = { anna: 'cyan', bela: 'yellow', carl: 'magenta' } as const;
  return colourful && name in colours ? styleText(colours[name as keyof typeof colours], name) : name;
}
