/**
 * Some servers of the Simple service in one process, as `serve` runs them. Each answers with its own name, `<pid>/<number>`. Reports each thing
 * that happens as one line of JSON. On SIGTERM it leaves as `stop()` does, and says with which status.
 *
 *     replica.ts <registry URL> <service> [options as JSON]
 */
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';

import { type SimpleRequest, type SimpleResponse, simpleService } from '../../../examples/simple.js';
import { connect } from '../../../src/connect.js';
import { serve } from '../../../src/grpc/serve.js';

export interface ReplicaOptions {
  /** How many servers. Default 1. */
  readonly servers?: number;
  /** How long each call is kept before it is answered, in milliseconds. Default 0. */
  readonly holdMs?: number;
  /** Of the one server. Default: its address. */
  readonly id?: string;
}

/** With the time in milliseconds since the epoch, which the test's process shares. */
export type ReplicaReport =
  | { readonly at: number; readonly event: 'serving'; readonly name: string; readonly address: string }
  | { readonly at: number; readonly event: 'all serving' }
  | { readonly at: number; readonly event: 'silent' }
  | { readonly at: number; readonly event: 'stopped' };

type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never;

function report(what: Unstamped<ReplicaReport>): void {
  console.log(JSON.stringify({ at: Date.now(), ...what }));
}

const [url = '', service = '', text = '{}'] = process.argv.slice(2);
const { servers = 1, holdMs = 0, id } = JSON.parse(text) as ReplicaOptions;
const rollcall = await connect(url);
let silent = false;

async function start(name: string) {
  const server = new Server();
  server.addService(simpleService, {
    route(_call: ServerUnaryCall<SimpleRequest, SimpleResponse>, callback: sendUnaryData<SimpleResponse>) {
      const answer = (): void => {
        if (!silent) callback(null, { code: 200, value: name });
      };
      if (holdMs === 0) answer();
      else setTimeout(answer, holdMs);
    },
  });
  const serving = await serve(server, { registry: rollcall.registry, service, id, bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() });
  report({ event: 'serving', name, address: serving.address });
  return serving;
}

const all = await Promise.all(Array.from({ length: servers }, (_, number) => start(`${process.pid}/${number}`)));
process.once('SIGTERM', () => {
  void (async () => {
    await Promise.all(all.map((serving) => serving.stop()));
    await rollcall.close();
    report({ event: 'stopped' });
  })();
});
process.once('SIGUSR2', () => {
  silent = true;
  // An answer goes out within one turn; this is many.
  setTimeout(() => {
    report({ event: 'silent' });
  }, 50);
});
report({ event: 'all serving' });
