/** Watches one service with rollcall and one prefix with etcd's raw watch, and says when it saw what: `observer.ts <endpoint>`. */
import { Etcd3 } from 'etcd3';

import { connect } from '../../src/connect.js';
import { answering } from '../world/answering.js';
import { sinceBoot } from '../world/since-boot.js';

export const floorPrefix = '/floor/';

/** Resolves once all these were seen: when each was. */
export interface ObserverQuestion {
  readonly ids: readonly string[];
}

const [endpoint = ''] = process.argv.slice(2);
const seen = new Map<string, number>();
let waiting: (() => void) | undefined;
const note = (id: string): void => {
  if (!seen.has(id)) seen.set(id, sinceBoot());
  waiting?.();
};

const { discovery } = await connect(`etcd://${endpoint}/rollcall`);
const watch = discovery.watch('svc');
watch.subscribe(({ added }) => {
  for (const { id } of added) note(id);
});

const client = new Etcd3({ hosts: `http://${endpoint}` });
const stream = await client.watchClient.watch();
stream.on('data', ({ events }) => {
  for (const { type, kv } of events) if (type === 'Put') note(kv.key.toString().slice(floorPrefix.length));
});
stream.write({ create_request: { key: Buffer.from(floorPrefix), range_end: Buffer.from('/floor0') } });

answering(async (question) => {
  const { ids } = question as ObserverQuestion;
  await new Promise<void>((resolve) => {
    waiting = () => {
      if (ids.every((id) => seen.has(id))) resolve();
    };
    waiting();
  });
  waiting = undefined;
  return ids.map((id) => seen.get(id));
});
