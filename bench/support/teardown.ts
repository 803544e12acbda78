import { setTimeout as wait } from 'node:timers/promises';

/** Takes down what a run has set up, the newest first, and lets nothing hold it up. */
export class Teardown {
  readonly #steps: (() => unknown)[] = [];

  /** Gives the value back, so that it can be set up and remembered in one line. */
  add<T>(value: T, undo: (value: T) => unknown): T {
    this.#steps.push(() => undo(value));
    return value;
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      // A client under a fault may not be able to close; the etcd behind it goes next.
      await Promise.race([Promise.resolve().then(step).catch(() => undefined), wait(5000, undefined, { ref: false })]);
    }
  }
}
