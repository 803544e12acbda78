import { describe, it } from 'mocha';

import { conformance } from '../../../src/conformance/index.js';
import { etcdWorld } from './world.js';

const everything = ['fields', 'loseLease', 'interrupt', 'corrupt', 'freeze', 'leases'] as const;

for (const [layout, features] of [
  ['rollcall', everything],
  // It carries no fields; and what happens under faults does not depend on how a record is written.
  ['plain', ['corrupt', 'leases']],
] as const) {
  conformance({
    // Real leases run out in real seconds.
    describe: (name, body) =>
      describe(name, function () {
        this.timeout(40_000);
        body();
      }),
    it,
    name: `etcd with layout ${layout}`,
    factory: () => etcdWorld(layout),
    features,
  });
}
