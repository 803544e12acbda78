import type { Logger } from './logger.js';
import { SmallSet } from './small-set.js';

/** One callback, which can be taken back. */
class Listener<Args extends readonly unknown[]> implements Disposable {
  readonly call: (...args: Args) => void;
  readonly #all: SmallSet<Listener<Args>>;

  constructor(call: (...args: Args) => void, all: SmallSet<Listener<Args>>) {
    this.call = call;
    this.#all = all;
  }

  [Symbol.dispose](): void {
    this.#all.delete(this);
  }
}

/** A set of callbacks of which none can harm another (law 12). */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new SmallSet<Listener<Args>>();
  readonly #logger: Logger;
  readonly #of: string;

  /** @param of what they listen to, for the log line when one of them throws */
  constructor(logger: Logger, of: string) {
    this.#logger = logger;
    this.#of = of;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** The same function added twice is called twice, and each disposal takes back its own. */
  add(listener: (...args: Args) => void): Disposable {
    const added = new Listener(listener, this.#listeners);
    this.#listeners.add(added);
    return added;
  }

  emit(...args: Args): void {
    this.#listeners.each(({ call }) => {
      callSafely(this.#logger, this.#of, () => call(...args));
    });
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** Runs somebody else's callback. What it throws, or rejects with, goes to the log and no further. */
export function callSafely(logger: Logger, of: string, callback: () => unknown): void {
  const report = (error: unknown): void => {
    logger.error({ err: error }, `a listener of ${of} threw`);
  };
  try {
    const result = callback();
    // A listener may be an async function: its rejection must not end the process either.
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}
