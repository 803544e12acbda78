import assert from 'node:assert/strict';

import type { ServiceInstance } from '../core/instance.js';
import type { Watch } from '../core/ports.js';
import type { Snapshot } from '../core/snapshot.js';

/** What one reader of a watch was given, all of it. */
export class Reading {
  readonly watch: Watch;
  readonly snapshots: Snapshot[] = [];
  readonly #subscription: Disposable;

  constructor(watch: Watch) {
    this.watch = watch;
    this.#subscription = watch.subscribe((snapshot) => {
      this.snapshots.push(snapshot);
    });
  }

  get last(): Snapshot {
    const last = this.snapshots.at(-1);
    assert.ok(last, 'the watch gave no snapshot');
    return last;
  }

  /** Every snapshot's diff is the difference to the one before it, and no revision is smaller than the one before. */
  check(): void {
    this.snapshots.forEach((snapshot, index) => {
      const before = this.snapshots[index - 1];
      checkDiff(before, snapshot);
      if (before === undefined) return;
      assert.ok(BigInt(snapshot.revision) >= BigInt(before.revision), `revision ${snapshot.revision} came after ${before.revision}`);
    });
  }

  stop(): void {
    this.#subscription[Symbol.dispose]();
  }
}

/** `added`, `removed` and `changed` are what differs between the two, and what does not differ is the same object. */
export function checkDiff(before: Snapshot | undefined, after: Snapshot): void {
  const old = new Map((before?.instances ?? []).map((instance) => [instance.id, instance]));
  const now = new Map(after.instances.map((instance) => [instance.id, instance]));
  const expected = {
    added: after.instances.filter(({ id }) => !old.has(id)),
    removed: [...old.values()].filter(({ id }) => !now.has(id)),
    changed: after.instances.filter((instance) => old.has(instance.id) && !same(old.get(instance.id), instance)),
  };
  for (const kind of ['added', 'removed', 'changed'] as const) {
    assert.deepEqual(idsOf(after[kind]), idsOf(expected[kind]), `"${kind}" of the snapshot at revision ${after.revision}`);
  }
  for (const instance of after.instances) {
    const known = old.get(instance.id);
    if (known !== undefined && same(known, instance)) assert.equal(instance, known, `unchanged ${instance.id} is another object than before`);
  }
}

/** Whether they say the same, whatever objects they are. */
function same(a: ServiceInstance | undefined, b: ServiceInstance): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

function idsOf(instances: readonly ServiceInstance[]): readonly string[] {
  return instances.map(({ id }) => id).sort();
}
