import type { InstalledHealth } from './health-service.js';

/**
 * What the health service of a server says, in step with the server's state. While it is closed every name says NOT_SERVING; opened again, each says
 * what it said before. Who sets the status of the whole server ('') asks for the state that belongs to it.
 *
 *     closed ⇄ open
 */
export class ServerHealth {
  readonly #installed: InstalledHealth;
  readonly #wished: (serving: boolean) => void;
  /** What each name says while open. */
  readonly #statuses = new Map<string, string>();
  #state: 'closed' | 'open' = 'closed';
  /** Set while the statuses are ours: what is observed then is no wish of the owner's. */
  #setting = false;

  /**
   * @param names the services that it may be asked for, besides '', the server as a whole
   * @param fill whether a name that has no status yet becomes SERVING; '' always does
   * @param wished the owner set the status of the whole server
   */
  constructor(installed: InstalledHealth, names: readonly string[], fill: boolean, wished: (serving: boolean) => void) {
    this.#installed = installed;
    this.#wished = wished;
    for (const name of new Set(['', ...names])) {
      let collecting = true;
      let before = fill ? 'SERVING' : 'SERVICE_UNKNOWN';
      installed.observe(name, (status) => {
        if (!collecting) this.#observed(name, status);
        else if (status !== 'SERVICE_UNKNOWN') before = status;
      });
      collecting = false;
      if (name === '') before = 'SERVING';
      if (before !== 'SERVICE_UNKNOWN') this.#statuses.set(name, before);
    }
    this.#apply();
  }

  open(): void {
    this.#enter('open');
  }

  close(): void {
    this.#enter('closed');
  }

  endStreams(): void {
    this.#installed.endStreams();
  }

  #enter(state: 'closed' | 'open'): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#apply();
  }

  #apply(): void {
    this.#setting = true;
    for (const [name, status] of this.#statuses) {
      this.#installed.implementation.setStatus(name, this.#state === 'open' ? (status as 'SERVING') : 'NOT_SERVING');
    }
    this.#setting = false;
  }

  #observed(name: string, status: string): void {
    if (this.#setting) return;
    if (name === '') this.#wished(status === 'SERVING');
    else this.#statuses.set(name, status);
    // What is closed says NOT_SERVING, unless the wish has just opened it.
    if (this.#state === 'closed') this.#apply();
  }
}
