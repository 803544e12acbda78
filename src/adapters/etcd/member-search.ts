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
  readonly failed: (error: RollcallError) => void;
  /** A second member that answered, after the first was taken. */
  readonly discard: (found: Found) => void;
  readonly signal: AbortSignal;
}

/**
 * Looks for a member that answers, until there is one or the signal aborts. The first round goes through all of them
 * without a pause; one that neither answers nor refuses does not hold up the next, which is tried beside it. After that
 * each attempt follows a wait with jitter, so a process makes one or two a second at most, however long an outage lasts.
 */
export async function findMember<Found>(options: MemberSearchOptions<Found>): Promise<Found | undefined> {
  const { clock, members, backoff, signal } = options;
  const found = deferred<Found | undefined>();
  const over = new AbortController();
  const linked = linkSignals(signal, over.signal);
  let taken = false;
  const pending = new Set<Promise<void>>();
  const wait = (ms: number): Promise<void> => sleep(clock, ms, linked.signal).catch(() => undefined);

  const launch = (member: Member): Promise<void> => {
    const attempt = options
      .attempt(member, linked.signal)
      .then(
        (result) => {
          if (taken) {
            options.discard(result);
            return;
          }
          taken = true;
          members.entered(member);
          found.resolve(result);
          over.abort();
        },
        (cause: unknown) => {
          if (linked.signal.aborted) return;
          const error = toRollcallError(cause);
          if (!error.retryable) members.refused(member);
          options.failed(error);
        },
      )
      .finally(() => pending.delete(attempt));
    pending.add(attempt);
    return attempt;
  };

  const search = async (): Promise<void> => {
    if (options.waitFirst) await wait(backoff.next());
    for (let attempts = 0; !linked.signal.aborted; ) {
    const member = members.take();
    if ('waitMs' in member) {
      await wait(member.waitMs);
      continue;
    }
    const hedge = new AbortController();
    const answered = launch(member);
    attempts++;
    const paces = linkSignals(linked.signal, hedge.signal);
    const slow = sleep(clock, options.hedgeDelayMs, paces.signal).catch(() => undefined);
    const pause = attempts < options.atOnce ? Promise.resolve() : wait(backoff.next());
    await Promise.all([Promise.race([answered, slow]), pause]);
    hedge.abort();
    paces[Symbol.dispose]();
  }
  // Whatever is still under way ends with the signal.
  await Promise.all(pending);
  linked[Symbol.dispose]();
  };
  return Promise.race([found.promise, search().then(() => undefined)]);
}
