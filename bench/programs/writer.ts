/** Writes records as fast as it can, each for itself: `writer.ts <endpoint>`. */
import { Etcd3 } from 'etcd3';

import { answering } from '../world/answering.js';
import { eachOf, upTo } from '../world/each-of.js';
import { recordOf } from '../world/records.js';

export interface WriterQuestion {
  readonly service: string;
  readonly from: number;
  readonly count: number;
  readonly weight: number;
}

const client = new Etcd3({ hosts: `http://${process.argv[2] ?? ''}` });

/** Resolves with how long it took, in milliseconds. */
answering(async (question) => {
  const { service, from, count, weight } = question as WriterQuestion;
  const began = performance.now();
  await eachOf(upTo(count), 64, (n) => {
    const { key, value } = recordOf(service, from + n, { weight });
    return client.put(key).value(value).exec();
  });
  return performance.now() - began;
});
