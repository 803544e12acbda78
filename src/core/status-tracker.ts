import type { Clock } from './clock.js';
import { Listeners } from './listeners.js';
import type { Logger } from './logger.js';
import type { PortState, PortStatus } from './status.js';

export interface StatusSource<Status extends PortStatus> {
  /** What the state would be now, if the port is not closed. */
  state(): Exclude<PortState, 'closed'>;
  /** The member in use; asked for on every refresh, so it must cost nothing. */
  member(): string | undefined;
  /** The rest of the status. */
  describe(): Omit<Status, 'state' | 'since'>;
  /** For the diagnostics channel. */
  publish(status: Status): void;
}

/** The status of one port: since when it is as it is, and who wants to hear of changes. */
export class StatusTracker<Status extends PortStatus> {
  readonly #clock: Clock;
  readonly #source: StatusSource<Status>;
  readonly #listeners: Listeners<[Status]>;
  #state: PortState;
  #since: number;
  #member: string | undefined;

  constructor(of: string, source: StatusSource<Status>, deps: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = deps.clock;
    this.#source = source;
    this.#listeners = new Listeners(deps.logger, of);
    this.#state = source.state();
    this.#since = this.#clock.now();
    this.#member = source.member();
  }

  get status(): Status {
    // The members of Status beyond the two are exactly those that `describe` gives; TypeScript cannot see that of a generic.
    return Object.freeze({ state: this.#state, since: this.#since, ...this.#source.describe() }) as unknown as Status;
  }

  subscribe(listener: (status: Status) => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** To be called whenever something may have changed; tells listeners only if the state or the member did. */
  refresh(): void {
    if (this.#state === 'closed') return;
    this.#enter(this.#source.state());
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    this.#listeners.clear();
  }

  #enter(state: PortState): void {
    const member = this.#source.member();
    if (state === this.#state && member === this.#member) return;
    if (state !== this.#state) this.#since = this.#clock.now();
    this.#state = state;
    this.#member = member;
    const { status } = this;
    this.#source.publish(status);
    this.#listeners.emit(status);
  }
}
