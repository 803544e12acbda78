import type { Clock } from './clock.js';
import { publish } from './diagnostics.js';
import type { RollcallError } from './errors.js';
import { Listeners } from './listeners.js';
import type { Logger } from './logger.js';
import type { Seconds } from './ports.js';
import type { KeepaliveTimes, PortStatus } from './status.js';

export interface ConnectionMonitorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What an adapter knows of its line to the backend. The adapter reports here, both ports make their status of it.
 *
 *     connecting ──connected()──→ connected ⇄ lost
 */
export class ConnectionMonitor {
  readonly #clock: Clock;
  readonly #listeners: Listeners<[]>;
  #state: 'connecting' | 'connected' | 'lost' = 'connecting';
  #member: string | undefined;
  #error: { readonly error: RollcallError; readonly at: number } | undefined;
  #revision: { readonly revision: string; readonly at: number } | undefined;
  #reconnects = 0;
  #historyChanges = 0;
  #lostLeases = 0;
  #keepalives = 0;
  #keepaliveTotalMs = 0;
  #keepaliveMaxMs = 0;
  #keepaliveLastMs = 0;

  constructor(deps: ConnectionMonitorDeps) {
    this.#clock = deps.clock;
    this.#listeners = new Listeners(deps.logger, 'the connection');
  }

  get state(): 'connecting' | 'connected' | 'lost' {
    return this.#state;
  }

  get member(): string | undefined {
    return this.#member;
  }

  /** The newest trouble, kept after it is over. */
  get lastError(): RollcallError | undefined {
    return this.#error?.error;
  }

  get counters(): { readonly reconnects: number; readonly historyChanges: number; readonly lostLeases: number; readonly keepalives: number; readonly keepaliveMs?: KeepaliveTimes } {
    return {
      reconnects: this.#reconnects,
      historyChanges: this.#historyChanges,
      lostLeases: this.#lostLeases,
      keepalives: this.#keepalives,
      ...(this.#keepalives === 0
        ? {}
        : { keepaliveMs: Object.freeze({ last: this.#keepaliveLastMs, max: this.#keepaliveMaxMs, mean: this.#keepaliveTotalMs / this.#keepalives }) }),
    };
  }

  /** The parts of a port's status that are those of the connection. */
  get details(): Omit<PortStatus, 'state' | 'since'> {
    return {
      ...(this.#error === undefined ? {} : { lastError: this.#error.error, lastErrorAt: this.#error.at }),
      ...(this.#member === undefined ? {} : { member: this.#member }),
      ...(this.#revision === undefined ? {} : { revision: this.#revision.revision, revisionAt: this.#revision.at }),
    };
  }

  /** Called on each change of state or member. */
  subscribe(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** The backend answers, through this member where it has members. */
  connected(member?: string): void {
    if (this.#state === 'connected' && this.#member === member) return;
    if (this.#state === 'lost') this.#reconnects++;
    this.#state = 'connected';
    this.#member = member;
    this.#listeners.emit();
  }

  /** The backend is out of reach. To be called on each attempt that fails: only the first is a change. */
  lost(error: RollcallError): void {
    this.#error = { error, at: this.#clock.now() };
    this.#member = undefined;
    // What never answered is still `connecting`.
    if (this.#state !== 'connected') return;
    this.#state = 'lost';
    this.#listeners.emit();
  }

  /** Trouble that is not the connection's: a watch or a write was refused. */
  trouble(error: RollcallError): void {
    this.#error = { error, at: this.#clock.now() };
  }

  /** A revision that the backend told us; an older one than before only refreshes the time. */
  saw(revision: string): void {
    const newest = this.#revision === undefined || BigInt(revision) > BigInt(this.#revision.revision) ? revision : this.#revision.revision;
    this.#revision = { revision: newest, at: this.#clock.now() };
  }

  /** The backend has another history from here on, whose revision may be a smaller one. */
  historyChanged(revision: string): void {
    this.#historyChanges++;
    this.#revision = { revision, at: this.#clock.now() };
  }

  leaseLost(): void {
    this.#lostLeases++;
  }

  /** A keepalive was answered after so many milliseconds. */
  keptAlive(ms: number, ttl: Seconds): void {
    this.#keepalives++;
    this.#keepaliveTotalMs += ms;
    this.#keepaliveMaxMs = Math.max(this.#keepaliveMaxMs, ms);
    this.#keepaliveLastMs = ms;
    publish('rollcall:keepalive', () => ({ ms, ttl, ...(this.#member === undefined ? {} : { member: this.#member }) }));
  }
}
