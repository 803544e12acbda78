import { abortedError } from './cancellation.js';
import type { Clock } from './clock.js';
import { RollcallError } from './errors.js';

export interface WaitLimits {
  readonly clock: Clock;
  readonly ms: number;
  /** What is waited for, in words. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The promise's result, unless the time is over (TIMEOUT) or the signal aborts (ABORTED) first. Unlike `withTimeout` it stops no work and makes no
 * signal of its own, so that ten thousand may wait at a time: listeners of one signal are a list that is searched for each of them.
 */
export function boundedWait<T>(promise: Promise<T>, { clock, ms, what, signal }: WaitLimits): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const done = (): void => {
      timer[Symbol.dispose]();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      done();
      reject(abortedError(signal as AbortSignal, what));
    };
    const timer = clock.setTimer(() => {
      done();
      reject(new RollcallError('TIMEOUT', `${what} took longer than ${ms} ms`));
    }, ms);
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it was, it goes on as it is
        reject(error);
      },
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
