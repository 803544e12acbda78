import { Backoff, type BackoffOptions } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';

export interface Member {
  readonly endpoint: string;
  /** Grows with each refusal in a row. */
  readonly backoff: Backoff;
  /** On the monotonic clock: not to be asked before. */
  refusedUntil: number;
}

/**
 * The members in the order in which they are tried: round and round, from anywhere in the list, so that a thousand
 * clients do not all start on the first. One that refused us (a wrong password, a certificate file that is not there)
 * is passed over for a while that grows: asking again at once would only burden it, as each password costs etcd
 * tens of milliseconds of hashing.
 */
export class MemberList {
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  #next: number;

  constructor(endpoints: readonly string[], refusedRetry: BackoffOptions, deps: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = deps.clock;
    this.#members = endpoints.map((endpoint) => ({ endpoint, backoff: new Backoff(deps.random, refusedRetry), refusedUntil: -Infinity }));
    this.#next = Math.floor(deps.random() * endpoints.length);
  }

  get size(): number {
    return this.#members.length;
  }

  /**
   * The next one that may be asked, or how long it takes until there is one.
   * @param busy those that are being asked often enough just now
   */
  take(busy: (member: Member) => boolean): Member | { readonly waitMs: number } {
    const now = this.#clock.monotonic();
    for (let i = 0; i < this.#members.length; i++) {
      const member = this.#members[(this.#next + i) % this.#members.length] as Member;
      if (member.refusedUntil > now || busy(member)) continue;
      this.#next += i + 1;
      return member;
    }
    // Where all that are left are busy, one of their attempts ends sooner than any wait.
    return { waitMs: Math.min(...this.#members.filter((member) => !busy(member)).map(({ refusedUntil }) => refusedUntil)) - now };
  }

  refused(member: Member): void {
    member.refusedUntil = this.#clock.monotonic() + member.backoff.next();
  }

  /** It let us in. When it is left, the one after it is the next. */
  entered(member: Member): void {
    member.backoff.reset();
    this.#next = this.#members.indexOf(member) + 1;
  }
}
