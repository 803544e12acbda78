import { Backoff, type BackoffOptions } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { EtcdError } from './etcd-error.js';

/**
 * The token of the user that the options name, shared by all transports of one connection. Every member takes it, so
 * that a new connection costs no authentication: each one costs etcd tens of milliseconds of hashing, and a thousand
 * clients that come back at once would keep it busy for a minute.
 *
 *     none ──set()──→ held ──refused(): it has expired──→ none
 *       └──denied(): the password is wrong──→ denied, for a while that grows ──→ none
 *
 * While denied nobody asks etcd: a wrong password does not become right by asking more often.
 */
export class AuthToken {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #token: string | undefined;
  #denial: { readonly error: EtcdError; readonly until: number } | undefined;

  constructor(deniedRetry: BackoffOptions, deps: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = deps.clock;
    this.#backoff = new Backoff(deps.random, deniedRetry);
  }

  get value(): string | undefined {
    return this.#token;
  }

  /** Why nobody should ask for a token now; `undefined` if one may be asked for. */
  get denial(): EtcdError | undefined {
    return this.#denial !== undefined && this.#clock.monotonic() < this.#denial.until ? this.#denial.error : undefined;
  }

  set(token: string): void {
    this.#token = token;
    this.#denial = undefined;
    this.#backoff.reset();
  }

  /** Forgets this token; another one, which somebody got meanwhile, stays. */
  refused(token: string | undefined): void {
    if (this.#token === token) this.#token = undefined;
  }

  /** etcd does not take the user and password. */
  denied(error: EtcdError): void {
    this.#denial = { error, until: this.#clock.monotonic() + this.#backoff.next() };
  }
}
