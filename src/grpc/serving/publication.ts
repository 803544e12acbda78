import { closedError, RollcallError, toRollcallError } from '../../core/errors.js';
import { changeInstance, type InstanceChange, type InstanceInit, type ServiceInstance } from '../../core/instance.js';
import type { RegisterOptions, Registration, Registry } from '../../core/ports.js';

/** What shall stand on the roll. */
interface Wish {
  /** With the weight that it has while it is not withdrawn. */
  readonly instance: ServiceInstance;
  readonly withdrawn: boolean;
}

export interface PublicationEvents {
  /** There is another registration now. */
  registered(registration: Registration): void;
  /** A wish to withdraw, or to be back, was refused, and things are as they were. */
  reverted(withdrawn: boolean): void;
}

/**
 * The record of one server: what it is wished to say, and the steps that make it so, one at a time. A step looks at the wish of its
 * moment, so of several wishes made while one was carried out only the last one is.
 *
 * Withdrawn is weight 0 and the record stays: every client hears why it is not to call. Where the layout cannot carry a weight
 * the record is taken away instead.
 *
 *     standing ⇄ withdrawn (weight 0, or absent)        any → removed (final)
 */
export class Publication {
  /** Whom to tell. */
  events: PublicationEvents | undefined;
  readonly #registry: Registry;
  readonly #ttl: RegisterOptions['ttl'];
  readonly #removing = new AbortController();
  #registration: Registration;
  /** Whether the record was taken away because it could not be withdrawn otherwise. */
  #absent = false;
  #wish: Wish;
  /** The wish that was carried out last. */
  #standing: Wish;
  /** What the registration said then: if it says something else, its owner changed it directly. */
  #seen: ServiceInstance;
  #steps: Promise<void> = Promise.resolve();
  #removal: Promise<void> | undefined;

  private constructor(registry: Registry, registration: Registration, ttl: RegisterOptions['ttl']) {
    this.#registry = registry;
    this.#registration = registration;
    this.#ttl = ttl;
    this.#seen = registration.instance;
    this.#wish = this.#standing = { instance: this.#seen, withdrawn: false };
  }

  /** @throws RollcallError whatever `register` rejects with. */
  static async register(registry: Registry, init: InstanceInit, options: RegisterOptions): Promise<Publication> {
    return new Publication(registry, await registry.register(init, options), options.ttl);
  }

  get registration(): Registration {
    return this.#registration;
  }

  /**
   * Resolves once the record is withdrawn, or stands again.
   * @throws RollcallError if it cannot be. If the backend refused, or nothing could be registered again, all is as it was before and
   *   `reverted` is called; an update that was not answered (UNAVAILABLE, TIMEOUT) stays wanted.
   */
  withdraw(withdrawn: boolean): Promise<void> {
    // A newer owner took our record: there is nothing of ours to withdraw, and nothing that may come back.
    if (withdrawn && this.#registration.state === 'superseded') {
      this.#wish = this.#standing = { ...this.#wish, withdrawn };
      return Promise.resolve();
    }
    return this.#want({ ...this.#latest(), withdrawn });
  }

  /** As `Registration.update`; while withdrawn a weight is remembered only. */
  async update(change: InstanceChange): Promise<void> {
    const { instance, withdrawn } = this.#latest();
    await this.#want({ instance: changeInstance(instance, change), withdrawn });
  }

  /** Takes the record away for good, past every step under way. Idempotent. */
  remove(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    this.#removing.abort(new RollcallError('ABORTED', 'the server is stopping'));
    await this.#registration.deregister();
  }

  /** The wish so far. What the owner changed by the registration itself counts too. */
  #latest(): Wish {
    const { instance } = this.#registration;
    const settled = this.#wish === this.#standing && !this.#wish.withdrawn;
    return settled && instance !== this.#seen ? { instance, withdrawn: false } : this.#wish;
  }

  #want(wish: Wish): Promise<void> {
    if (this.#wish === this.#standing) this.#standing = this.#latest();
    this.#wish = wish;
    const step = this.#steps.then(() => this.#step());
    this.#steps = step.catch(() => undefined);
    return step;
  }

  async #step(): Promise<void> {
    const wish = this.#wish;
    if (this.#isRemoved()) throw closedError('the server');
    if (wish === this.#standing) return;
    try {
      await this.#carryOut(wish);
      this.#standing = wish;
    } catch (cause) {
      if (this.#isRemoved()) throw closedError('the server');
      const error = toRollcallError(cause);
      // The registry goes on trying to store an update; a registration that failed left nothing behind.
      if (error.retryable && !this.#absent) this.#standing = wish;
      else {
        // What the layout cannot carry was only noted while the record was away: it must not stand in the way of the next try.
        if (this.#absent && error.code === 'INVALID_INSTANCE') this.#standing = { ...this.#standing, instance: this.#seen };
        if (this.#wish === wish) this.#revert(wish);
      }
      throw error;
    } finally {
      this.#seen = this.#registration.instance;
    }
  }

  /** A question, because the answer changes while something is waited for. */
  #isRemoved(): boolean {
    return this.#removing.signal.aborted;
  }

  #revert(refused: Wish): void {
    this.#wish = this.#standing;
    if (refused.withdrawn !== this.#standing.withdrawn) this.events?.reverted(this.#standing.withdrawn);
  }

  async #carryOut(wish: Wish): Promise<void> {
    if (this.#absent) {
      if (!wish.withdrawn) await this.#registerAgain(wish.instance);
      return;
    }
    const change = changeBetween(published(this.#standing), published(wish));
    // Of a superseded registration nothing can be changed, not even what would show later only.
    if (Object.keys(change).length === 0 && this.#registration.state !== 'superseded') return;
    try {
      await this.#registration.update(change);
    } catch (error) {
      if (!(wish.withdrawn && change.weight === 0 && error instanceof RollcallError && error.code === 'INVALID_INSTANCE')) throw error;
      // Its removal goes on by itself if the backend does not answer in time: it counts as gone from here on.
      this.#absent = true;
      this.#standing = wish;
      await this.#registration.deregister();
    }
  }

  async #registerAgain(instance: ServiceInstance): Promise<void> {
    const registration = await this.#registry.register(instance, { ttl: this.#ttl, signal: this.#removing.signal });
    // It was there already when the server was stopped: nobody else knows of it.
    if (this.#isRemoved()) {
      await registration.deregister();
      throw closedError('the server');
    }
    this.#absent = false;
    this.#registration = registration;
    this.events?.registered(registration);
  }
}

function published({ instance, withdrawn }: Wish): ServiceInstance {
  return withdrawn ? { ...instance, weight: 0 } : instance;
}

function changeBetween(before: ServiceInstance, after: ServiceInstance): InstanceChange {
  return {
    ...(before.weight === after.weight ? {} : { weight: after.weight }),
    ...(before.version === after.version ? {} : { version: after.version }),
    ...(before.zone === after.zone ? {} : { zone: after.zone }),
    ...(before.metadata === after.metadata ? {} : { metadata: after.metadata }),
  };
}
