import type { Clock } from '../core/clock.js';
import { Listeners } from '../core/listeners.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { Discovery } from '../core/ports.js';
import type { Random } from '../core/random.js';
import type { RunningChannels } from './running-channels.js';
import type { ServicePlans } from './service-options.js';

/** What one `registerResolver` gave. */
export interface DirectoryEntry {
  readonly discovery: Discovery;
  readonly initialTimeoutMs: number;
  readonly plans: ServicePlans;
  /** The channels that it resolves at present. */
  readonly channels: RunningChannels;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Which discovery answers for which name of one scheme. grpc-js keeps one resolver class per scheme, for the whole process and
 * for ever, so that class looks here, each time it starts and whenever something changed.
 */
export class SchemeDirectory {
  readonly scheme: string;
  readonly #entries = new Map<string, DirectoryEntry>();
  readonly #listeners = new Map<string, Listeners<[]>>();

  constructor(scheme: string) {
    this.scheme = scheme;
  }

  get(name: string): DirectoryEntry | undefined {
    return this.#entries.get(name);
  }

  set(name: string, entry: DirectoryEntry): void {
    this.#entries.set(name, entry);
    this.#listeners.get(name)?.emit();
  }

  delete(name: string, entry: DirectoryEntry): void {
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    this.#listeners.get(name)?.emit();
  }

  /** Calls back when the entry of that name comes or goes. */
  listen(name: string, listener: () => void): Disposable {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Listeners(silentLogger, `the scheme ${this.scheme}`);
      this.#listeners.set(name, listeners);
    }
    const added = listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        added[Symbol.dispose]();
        // Names come from targets: without this every mistyped one would stay in memory.
        if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      },
    };
  }
}
