import type { SimpleClient } from '../../../examples/simple.js';
import { call } from '../../../test/grpc/support/simple-service.js';
import { startEtcd } from '../../../test/support/etcd.js';
import { CalledService } from '../../../test/support/grpc/called-service.js';
import { type PolicyChoice, policies } from '../../../test/support/grpc/policies.js';
import { Replicas } from '../../../test/support/grpc/replicas.js';
import type { Teardown } from '../../faults/world/teardown.js';
import type { OpenRow, Row } from '../row.js';
import { staticClient } from '../world/static-client.js';

const servers = 10;

/** How long a round is, in milliseconds. */
const roundMs = 250;

/** Calls a second, so many under way at any time. */
async function callFor(client: SimpleClient, inFlight: number): Promise<number> {
  const began = performance.now();
  let made = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - began < roundMs) {
      await call(client);
      made++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (made * 1000) / (performance.now() - began);
}

async function open(inFlight: number, policy: PolicyChoice, undo: Teardown): Promise<OpenRow> {
  const etcd = undo.add(await startEtcd(), (each) => each.stop());
  // In a process of their own, apart from the client and from etcd.
  const replicas = undo.add(new Replicas(etcd.url(), 'svc'), (each) => each[Symbol.asyncDispose]());
  const { servers: all } = await replicas.start({ servers });
  const service = undo.add(await CalledService.open(etcd.url(), 'svc'), (each) => each[Symbol.asyncDispose]());
  const ours = service.client(policy);
  const theirs = undo.add(staticClient(all.map(({ address }) => address)), (client) => client.close());
  const warmUp = async (client: SimpleClient): Promise<void> => {
    for (let round = 0; round < 8; round++) await callFor(client, inFlight);
  };
  await warmUp(ours);
  await warmUp(theirs);
  return { rollcall: () => callFor(ours, inFlight), 'grpc-js': () => callFor(theirs, inFlight) };
}

const shortName = ({ name }: PolicyChoice): string => name.replace('rollcall_', '').replaceAll('_', '-');

const row = (inFlight: number, policy: PolicyChoice): Row => ({
  name: `calls-${shortName(policy)}-${inFlight}`,
  what: `${inFlight} in flight, over ${servers} servers: \`etcd:///svc\` with \`${policy.name}\` beside \`ipv4:a,b,…\` with \`round_robin\``,
  unit: 'calls a second',
  better: 'higher',
  rounds: 60,
  goal: 0.97,
  open: (undo) => open(inFlight, policy, undo),
});

export const callRows: readonly Row[] = policies.flatMap((policy) => [row(1, policy), row(64, policy)]);
