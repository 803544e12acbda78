/** `rollcall/conformance`: what every adapter must do, as tests for any runner. See docs/adapters.md. */
import type { ConformanceCase } from './case.js';
import { badInput } from './laws/bad-input.js';
import { cancelling } from './laws/cancelling.js';
import { closing } from './laws/closing.js';
import { listening } from './laws/listening.js';
import { ownership } from './laws/ownership.js';
import { recovery } from './laws/recovery.js';
import { sharing } from './laws/sharing.js';
import { snapshots } from './laws/snapshots.js';
import { status } from './laws/status.js';
import { trouble } from './laws/trouble.js';
import { writing } from './laws/writing.js';
import { Trial } from './trial.js';
import type { Feature, World } from './world.js';

export type { ConformanceCase } from './case.js';
export type { Feature, World } from './world.js';

export interface ConformanceOptions {
  /** The runner's, e.g. of mocha, node:test or vitest. */
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
  /** What the adapter is called in the output. */
  readonly name: string;
  /** Makes a fresh world; called once for each case. */
  readonly factory: () => Promise<World>;
  /** What the world can show beyond the bare ports. Default: `['fields']`. */
  readonly features?: readonly Feature[];
}

/** Every case, in the order of the laws. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...snapshots,
  ...trouble,
  ...writing,
  ...recovery,
  ...ownership,
  ...closing,
  ...cancelling,
  ...sharing,
  ...listening,
  ...status,
  ...badInput,
];

/** Defines one test per case. Those that need a feature the manifest lacks pass, and say so in their title. */
export function conformance({ describe, it, name, factory, features = ['fields'] }: ConformanceOptions): void {
  describe(`${name} conforms to the laws of rollcall`, () => {
    for (const each of conformanceCases) {
      const missing = (each.needs ?? []).filter((feature) => !features.includes(feature));
      if (missing.length === 0) it(each.title, () => runCase(each, factory));
      else it(`${each.title} (not shown: no ${missing.join(', ')})`, () => Promise.resolve());
    }
  });
}

/** Runs one case in a fresh world and takes the world down, whatever happens. Rejects with what the case found wrong. */
export async function runCase(each: ConformanceCase, factory: () => Promise<World>): Promise<void> {
  const trial = new Trial(await factory());
  try {
    await each.run(trial);
  } catch (found) {
    // What the case found says more than what goes wrong in taking down after it.
    await trial.close().catch(() => undefined);
    throw found;
  }
  await trial.close();
}
