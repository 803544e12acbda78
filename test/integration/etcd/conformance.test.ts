import { describe, it } from 'mocha';

import { conformance, type Feature } from '../../../src/conformance/index.js';
import { etcdWorld, type Form } from './world.js';

const everything = ['fields', 'loseLease', 'interrupt', 'corrupt', 'freeze', 'leases'] as const;

const forms: readonly (readonly [form: Form, features: readonly Feature[]])[] = [
  [{ layouts: ['rollcall'] }, everything],
  // It carries no fields; and what happens under faults does not depend on how a record is written.
  [{ layouts: ['plain'] }, ['corrupt', 'leases']],
  // Every write, removal and loss is one of two records, and every reading is of two places. Garbage in one of them leaves the other.
  [{ layouts: ['rollcall', 'rollcall'] }, everything.filter((feature) => feature !== 'corrupt')],
];

for (const [form, features] of forms) {
  conformance({
    // Real leases run out in real seconds.
    describe: (name, body) =>
      describe(name, function () {
        this.timeout(40_000);
        body();
      }),
    it,
    name: `etcd with layout ${form.layouts.join(' and ')}`,
    factory: () => etcdWorld(form),
    features,
  });
}
