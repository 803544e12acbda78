import { describe, it } from 'mocha';

import { conformance } from '../../../src/conformance/index.js';
import { etcdWorld } from './world.js';

for (const [layout, fields] of [
  ['rollcall', true],
  ['plain', false],
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
    features: [...(fields ? (['fields'] as const) : []), 'loseLease', 'interrupt', 'corrupt', 'freeze', 'leases'],
  });
}
