import type { Clock } from './clock.js';
import { publish } from './diagnostics.js';
import type { RollcallError } from './errors.js';
import type { InstanceChange, ServiceInstance } from './instance.js';
import { Listeners } from './listeners.js';
import type { Logger } from './logger.js';
import type { Cancellable, Registration, RegistrationDetail, RegistrationState } from './ports.js';

export interface RegistrationOwner {
  update(handle: RegistrationHandle, change: InstanceChange, options: Cancellable): Promise<void>;
  deregister(handle: RegistrationHandle): Promise<void>;
  /** A handle has changed its state. */
  entered(handle: RegistrationHandle, before: RegistrationState): void;
}

/**
 * The user's handle on one registered instance.
 *
 *     active ⇄ recovering        superseded and closed are final
 *        └──┬──────┘
 *           ├→ superseded
 *           └→ closed
 */
export class RegistrationHandle implements Registration {
  readonly #owner: RegistrationOwner;
  readonly #clock: Clock;
  readonly #listeners: Listeners<[RegistrationState, RegistrationDetail]>;
  #instance: ServiceInstance;
  #state: RegistrationState = 'active';
  #detail: RegistrationDetail;

  constructor(instance: ServiceInstance, owner: RegistrationOwner, deps: { readonly clock: Clock; readonly logger: Logger }) {
    this.#instance = instance;
    this.#owner = owner;
    this.#clock = deps.clock;
    this.#detail = Object.freeze({ since: deps.clock.now() });
    this.#listeners = new Listeners(deps.logger, `the registration of ${instance.service} ${instance.id}`);
  }

  get instance(): ServiceInstance {
    return this.#instance;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  get detail(): RegistrationDetail {
    return this.#detail;
  }

  subscribe(listener: (state: RegistrationState, detail: RegistrationDetail) => void): Disposable {
    return this.#listeners.add(listener);
  }

  update(change: InstanceChange, options: Cancellable = {}): Promise<void> {
    return this.#owner.update(this, change, options);
  }

  deregister(): Promise<void> {
    return this.#owner.deregister(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.deregister();
  }

  /** For the owner: the one place that moves between states. Final states are never left. */
  enter(state: RegistrationState, reason?: RollcallError): boolean {
    if (this.#state === state || this.#state === 'superseded' || this.#state === 'closed') return false;
    const before = this.#state;
    this.#state = state;
    this.#detail = Object.freeze({ since: this.#clock.now(), ...(reason === undefined ? {} : { reason }) });
    publish('rollcall:registration', () => ({ registration: this, instance: this.#instance, state, detail: this.#detail }));
    this.#listeners.emit(state, this.#detail);
    this.#owner.entered(this, before);
    if (state === 'superseded' || state === 'closed') this.#listeners.clear();
    return true;
  }

  /** For the owner: what the last successful write stored. */
  stored(instance: ServiceInstance): void {
    this.#instance = instance;
  }
}
