import { Listeners } from '../../core/listeners.js';
import { type Logger, silentLogger } from '../../core/logger.js';

/** How the policy stands with one instance. `unhealthy`: connected, but its health check or outlier detection keeps calls from it. */
export type ConnectionState = 'connecting' | 'ready' | 'failing' | 'unhealthy';

export interface Connection {
  readonly state: ConnectionState;
  /** Why, where it is failing or unhealthy. */
  readonly detail: string;
}

interface Entry extends Connection {
  readonly by: object;
}

/**
 * What the policy of a channel tells of each instance, by id, for those who choose instances and those who explain.
 *
 * While a channel changes its policy there are two: the newer reports, then the older forgets. Each says with `by` who it is, so
 * that the older takes nothing away that the newer said.
 */
export class ConnectionBoard {
  readonly #connections = new Map<string, Entry>();
  readonly #listeners: Listeners<[id: string]>;

  constructor(logger: Logger = silentLogger) {
    this.#listeners = new Listeners(logger, 'the connections of a channel');
  }

  report(id: string, state: ConnectionState, detail = '', by: object = this): void {
    const before = this.isImpaired(id);
    this.#connections.set(id, { state, detail, by });
    if (before !== impaired(state)) this.#listeners.emit(id);
  }

  forget(id: string, by: object = this): void {
    const entry = this.#connections.get(id);
    if (entry?.by !== by) return;
    this.#connections.delete(id);
    if (impaired(entry.state)) this.#listeners.emit(id);
  }

  /** `undefined` for one that the policy has not heard of, or does not connect to. */
  stateOf(id: string): ConnectionState | undefined {
    return this.#connections.get(id)?.state;
  }

  connection(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  /** Whether it is failing or unhealthy. */
  isImpaired(id: string): boolean {
    return impaired(this.stateOf(id));
  }

  /**
   * Told when an instance becomes failing or unhealthy, and when it no longer is. The policy is at work meanwhile: a listener
   * that wants to tell the channel something does so later.
   */
  subscribe(listener: (id: string) => void): Disposable {
    return this.#listeners.add(listener);
  }
}

function impaired(state: ConnectionState | undefined): boolean {
  return state === 'failing' || state === 'unhealthy';
}
