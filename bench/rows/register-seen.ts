import { setTimeout as wait } from 'node:timers/promises';

import { connect } from '../../src/connect.js';
import type { ObserverQuestion } from '../programs/observer.js';
import type { OpenRow, Round, Row } from '../row.js';
import { startHelper } from '../world/helper-process.js';
import { instanceOf } from '../world/records.js';
import { sinceBoot } from '../world/since-boot.js';
import type { Stage } from '../world/stage.js';

/** Registrations in one round, and milliseconds between them: nothing of one is to wait for another. */
const [count, pauseMs] = [50, 10];

async function open(stage: Stage): Promise<OpenRow> {
  const observer = startHelper('observer', [await stage.endpoint()], stage.undo);
  const { registry } = stage.undo.add(await connect(await stage.url()), (backend) => backend.close());
  // Whoever registers for the first time needs a lease, which is a request more; a server does that once.
  await registry.register({ service: 'other', address: '10.0.0.1:80' });
  const etcd3 = await stage.etcd3();
  let n = 0;
  const round = async (act: (id: string, n: number) => Promise<unknown>): Promise<Round> => {
    const [ids, begun, done]: [string[], number[], number[]] = [[], [], []];
    for (let each = 0; each < count; each++) {
      const { id } = instanceOf('svc', ++n);
      ids.push(id);
      begun.push(sinceBoot());
      await act(id, n);
      done.push(sinceBoot());
      await wait(pauseMs);
    }
    const seen = await observer.ask<readonly number[]>({ ids } satisfies ObserverQuestion);
    return {
      seen: seen.map((at, index) => at - (begun[index] ?? NaN)),
      stored: done.map((at, index) => at - (begun[index] ?? NaN)),
    };
  };
  return {
    rollcall: async () => {
      const made: { deregister(): Promise<void> }[] = [];
      const figures = await round(async (_, number) => made.push(await registry.register(instanceOf('svc', number))));
      await Promise.all(made.map((registration) => registration.deregister()));
      return figures;
    },
    peer: async () => {
      const figures = await round((id, number) => etcd3.put(`/floor/${id}`).value(JSON.stringify(instanceOf('svc', number))).exec());
      await etcd3.delete().prefix('/floor/');
      return figures;
    },
  };
}

export const registerSeenRow: Row = {
  name: 'register-seen',
  what: 'an instance is registered and seen in a snapshot by another process',
  peer: "the floor: the same record put by etcd3, and seen on etcd's raw watch",
  metrics: [
    { name: 'seen', what: 'ms from the call to the snapshot', goals: [{ of: 'ratio', atMost: 1.15 }] },
    { name: 'stored', what: 'ms until `register` resolves' },
  ],
  rounds: 20,
  open,
};
