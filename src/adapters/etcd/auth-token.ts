/**
 * The token of the user that the options name, shared by all transports of one connection. Every member takes it, so
 * that a new connection costs no authentication: each one costs etcd tens of milliseconds of hashing, and a thousand
 * clients that come back at once would keep it busy for a minute.
 */
export class AuthToken {
  #token: string | undefined;

  get value(): string | undefined {
    return this.#token;
  }

  set(token: string): void {
    this.#token = token;
  }

  /** Forgets this token; another one, which somebody got meanwhile, stays. */
  refused(token: string | undefined): void {
    if (this.#token === token) this.#token = undefined;
  }
}
