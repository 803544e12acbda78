import { setTimeout as wait } from 'node:timers/promises';

import type { RawEtcd } from './raw-etcd.js';

/** How often the keys are read. */
const intervalMs = 100;

/**
 * Reads every key below a prefix ten times a second, past everything of ours, and keeps what it found: whether a live
 * registration ever disappeared is a question to etcd and not to us. A read that fails is counted and left out.
 */
export class KeySampler {
  /** The keys of each sample that succeeded, with when it was asked for. */
  readonly samples: { readonly at: number; readonly keys: ReadonlySet<string> }[] = [];
  failed = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(raw: RawEtcd, prefix: string) {
    this.#running = this.#run(raw, prefix);
  }

  /** How many samples lack this key. */
  missing(key: string): number {
    return this.samples.filter(({ keys }) => !keys.has(key)).length;
  }

  async stop(): Promise<this> {
    this.#stopped = true;
    await this.#running;
    return this;
  }

  async #run(raw: RawEtcd, prefix: string): Promise<void> {
    while (!this.#stopped) {
      const at = performance.now();
      try {
        const records = await raw.list(prefix);
        this.samples.push({ at, keys: new Set(records.map(({ key }) => key)) });
      } catch {
        this.failed++;
      }
      await wait(Math.max(0, at + intervalMs - performance.now()));
    }
  }
}
