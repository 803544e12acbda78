import type { Clock } from './clock.js';
import { ConnectionMonitor } from './connection-monitor.js';
import { publish } from './diagnostics.js';
import type { RollcallError } from './errors.js';
import type { Logger } from './logger.js';
import type { RegistrationState, Registry } from './ports.js';
import type { RegistryStatus } from './status.js';
import { StatusTracker } from './status-tracker.js';

export interface MonitorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connection?: ConnectionMonitor | undefined;
}

/** The status of a registry: its connection's, and whether any of its registrations is being written again. */
export class RegistryMonitor {
  readonly #connection: ConnectionMonitor;
  readonly #tracker: StatusTracker<RegistryStatus>;
  readonly #listening: Disposable;
  readonly #count = { active: 0, recovering: 0 };
  #lostRegistrations = 0;
  #superseded = 0;

  constructor(registry: Registry, deps: MonitorDeps) {
    this.#connection = deps.connection ?? unbroken(deps);
    this.#tracker = new StatusTracker<RegistryStatus>(
      'the registry',
      {
        state: () => {
          if (this.#connection.state === 'connecting') return 'connecting';
          return this.#connection.state === 'lost' || this.#count.recovering > 0 ? 'stale' : 'live';
        },
        member: () => this.#connection.member,
        describe: () => {
          const { reconnects, lostLeases, keepalives, keepaliveMs } = this.#connection.counters;
          return {
            ...this.#connection.details,
            registrations: Object.freeze({ ...this.#count }),
            counters: Object.freeze({
              reconnects,
              lostLeases,
              lostRegistrations: this.#lostRegistrations,
              superseded: this.#superseded,
              keepalives,
              ...(keepaliveMs === undefined ? {} : { keepaliveMs }),
            }),
          };
        },
        publish: (status) => {
          publish('rollcall:registry', () => ({ registry, status }));
        },
      },
      deps,
    );
    this.#listening = this.#connection.subscribe(() => {
      this.#tracker.refresh();
    });
  }

  get status(): RegistryStatus {
    return this.#tracker.status;
  }

  /** Why the backend is out of reach now, if it is: it says more than that time ran out. */
  get outage(): RollcallError | undefined {
    return this.#connection.state === 'connected' ? undefined : this.#connection.lastError;
  }

  subscribe(listener: (status: RegistryStatus) => void): Disposable {
    return this.#tracker.subscribe(listener);
  }

  /** A write failed for a reason that need not be the connection's. */
  trouble(error: RollcallError): void {
    this.#connection.trouble(error);
  }

  /** A registration went from one state to another; from `undefined` when it began. */
  moved(from: RegistrationState | undefined, to: RegistrationState, reason: RollcallError | undefined): void {
    if (from === 'active' || from === 'recovering') this.#count[from]--;
    if (to === 'active' || to === 'recovering') this.#count[to]++;
    if (to === 'recovering') this.#lostRegistrations++;
    if (to === 'superseded') this.#superseded++;
    if (to === 'recovering' && reason !== undefined) this.#connection.trouble(reason);
    this.#tracker.refresh();
  }

  close(): void {
    this.#listening[Symbol.dispose]();
    this.#tracker.close();
  }
}

/** For an adapter that does not say how its connection is. */
export function unbroken(deps: MonitorDeps): ConnectionMonitor {
  const connection = new ConnectionMonitor(deps);
  connection.connected();
  return connection;
}
