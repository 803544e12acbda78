import type { Backoff } from '../../core/backoff.js';
import { linkSignals, sleep } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { deferred } from '../../core/deferred.js';
import { type RollcallError, toRollcallError } from '../../core/errors.js';
import type { Member, MemberList } from './member-list.js';

export interface MemberSearchOptions<Found> {
  readonly clock: Clock;
  readonly members: MemberList;
  readonly backoff: Backoff;
  readonly hedgeDelayMs: number;
  /** How many members may be tried without a wait: all of them once, less those that failed us right after letting us in. */
  readonly atOnce: number;
  /** Wait before the very first attempt as well: many clients lose a member in the same instant. */
  readonly waitFirst: boolean;
  /** Opens a connection and asks. Rejects if that member is no good; closes what it opened when the signal aborts. */
  readonly attempt: (member: Member, signal: AbortSignal) => Promise<Found>;
  readonly failed: (error: RollcallError, member: Member) => void;
  /** A second member that answered, after the first was taken. */
  readonly discard: (found: Found) => void;
  readonly signal: AbortSignal;
}

/** A second one, because a member in the middle of an election may never answer what it was asked before. */
const attemptsPerMember = 2;

/**
 * Looks for a member that answers, until there is one or the signal aborts. The first round goes through all of them
 * without a pause; one that neither answers nor refuses does not hold up the next, which is tried beside it. After that
 * each attempt follows a wait with jitter, so a process makes two or three a second at most, however long an outage lasts.
 */
export function findMember<Found>(options: MemberSearchOptions<Found>): Promise<Found | undefined> {
  return new MemberSearch(options).run();
}

class MemberSearch<Found> {
  readonly #options: MemberSearchOptions<Found>;
  readonly #found = deferred<Found | undefined>();
  readonly #over = new AbortController();
  readonly #linked: { readonly signal: AbortSignal } & Disposable;
  /** The attempts under way, with whom they ask. */
  readonly #pending = new Map<Promise<void>, Member>();
  #taken = false;

  constructor(options: MemberSearchOptions<Found>) {
    this.#options = options;
    this.#linked = linkSignals(options.signal, this.#over.signal);
  }

  /** Resolves as soon as a member is found; otherwise once the signal has aborted and nothing is under way any more. */
  run(): Promise<Found | undefined> {
    return Promise.race([this.#found.promise, this.#search().then(() => undefined)]);
  }

  async #search(): Promise<void> {
    const { members, backoff, atOnce, waitFirst } = this.#options;
    const { signal } = this.#linked;
    if (waitFirst) await this.#wait(backoff.next());
    for (let attempts = 0; !signal.aborted; ) {
      const member = members.take((each) => this.#isBusy(each));
      if ('waitMs' in member) {
        await Promise.race([...this.#pending.keys(), ...(Number.isFinite(member.waitMs) ? [this.#wait(member.waitMs)] : [])]);
        continue;
      }
      attempts++;
      const answered = this.#ask(member);
      await Promise.all([this.#unlessSlow(answered), attempts < atOnce ? undefined : this.#wait(backoff.next())]);
    }
    await Promise.all(this.#pending.keys());
    this.#linked[Symbol.dispose]();
  }

  #ask(member: Member): Promise<void> {
    const attempt = this.#attempt(member).finally(() => this.#pending.delete(attempt));
    this.#pending.set(attempt, member);
    return attempt;
  }

  async #attempt(member: Member): Promise<void> {
    const { members, attempt, discard, failed } = this.#options;
    const { signal } = this.#linked;
    let result: Found;
    try {
      result = await attempt(member, signal);
    } catch (cause) {
      if (signal.aborted) return;
      const error = toRollcallError(cause);
      if (!error.retryable) members.refused(member);
      failed(error, member);
      return;
    }
    if (this.#taken) {
      discard(result);
      return;
    }
    this.#taken = true;
    members.entered(member);
    this.#found.resolve(result);
    this.#over.abort();
  }

  #isBusy(member: Member): boolean {
    return [...this.#pending.values()].filter((each) => each === member).length >= attemptsPerMember;
  }

  /** Until the attempt is over, or has taken so long that the next one may begin beside it. */
  async #unlessSlow(attempt: Promise<void>): Promise<void> {
    const answered = new AbortController();
    const linked = linkSignals(this.#linked.signal, answered.signal);
    const slow = sleep(this.#options.clock, this.#options.hedgeDelayMs, linked.signal).catch(() => undefined);
    await Promise.race([attempt, slow]);
    answered.abort();
    linked[Symbol.dispose]();
  }

  #wait(ms: number): Promise<void> {
    return sleep(this.#options.clock, ms, this.#linked.signal).catch(() => undefined);
  }
}
