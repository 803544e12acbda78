import type { SimpleClient } from '../../examples/simple.js';
import { call } from '../../test/grpc/support/simple-service.js';
import { CalledService } from '../../test/support/grpc/called-service.js';
import { type PolicyChoice, policies } from '../../test/support/grpc/policies.js';
import { Replicas } from '../../test/support/grpc/replicas.js';
import type { OpenRow, Round, Row } from '../row.js';
import type { Stage } from '../world/stage.js';
import { staticClient } from '../world/static-client.js';

const servers = 10;

/** How long a round is, in milliseconds. */
const roundMs = 250;

/** Calls for so long, so many under way at any time. */
async function callFor(client: SimpleClient, inFlight: number): Promise<Round> {
  const began = performance.now();
  let made = 0;
  const latency: number[] = [];
  const loop = async (): Promise<void> => {
    while (performance.now() - began < roundMs) {
      const at = performance.now();
      await call(client);
      // Enough of them to tell a hundredth, without a file of millions of figures.
      if (made++ % 32 === 0) latency.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return { rate: (made * 1000) / (performance.now() - began), latency };
}

/** @param policy `undefined`: a second client like the peer's, which shows how far apart two rounds of the same thing lie on this machine */
async function open(inFlight: number, policy: PolicyChoice | undefined, stage: Stage): Promise<OpenRow> {
  const { undo } = stage;
  const url = await stage.url();
  // In a process of their own, apart from the client and from etcd.
  const replicas = undo.add(new Replicas(url, 'svc'), (each) => each[Symbol.asyncDispose]());
  const { servers: all } = await replicas.start({ servers });
  const listed = (): SimpleClient => undo.add(staticClient(all.map(({ address }) => address)), (client) => client.close());
  const resolved = async (choice: PolicyChoice): Promise<SimpleClient> => undo.add(await CalledService.open(url, 'svc'), (each) => each[Symbol.asyncDispose]()).client(choice);
  const ours = policy === undefined ? listed() : await resolved(policy);
  const theirs = listed();
  const warmUp = async (client: SimpleClient): Promise<void> => {
    for (let round = 0; round < 8; round++) await callFor(client, inFlight);
  };
  await warmUp(ours);
  await warmUp(theirs);
  return { rollcall: () => callFor(ours, inFlight), peer: () => callFor(theirs, inFlight) };
}

const shortName = ({ name }: PolicyChoice): string => name.replace('rollcall_', '').replaceAll('_', '-');

const row = (inFlight: number, policy?: PolicyChoice): Row => ({
  name: `calls-${policy === undefined ? 'noise' : shortName(policy)}-${inFlight}`,
  what: `calls, ${inFlight} in flight, over ${servers} servers through ${policy === undefined ? "a second client like the peer's" : `\`etcd:///svc\` with \`${policy.name}\``}`,
  peer: "grpc-js's `ipv4:a,b,…` with `round_robin`",
  metrics: [
    { name: 'rate', what: 'calls a second', better: 'higher', ...(policy === undefined ? {} : { goals: [{ of: 'ratio', atLeast: 0.97 }] }) },
    { name: 'latency', what: 'ms a call' },
  ],
  // Two rounds of the same thing lie an eighth apart here; with 120 the median of their ratios is known to a few hundredths.
  rounds: 120,
  open: (stage) => open(inFlight, policy, stage),
});

export const callRows: readonly Row[] = [...policies, undefined].flatMap((policy) => [row(1, policy), row(64, policy)]);
