import { setMaxListeners } from 'node:events';

import type { Clock } from './clock.js';
import { RollcallError } from './errors.js';

/**
 * A controller for the life of a whole object. Every call that waits listens to it, a thousand at a time if need be,
 * so Node's warning of a leak at eleven listeners would be a false one.
 */
export function lifetimeController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** An AbortSignal's abort as an error of ours. */
export function abortedError(signal: AbortSignal, what: string): RollcallError {
  if (signal.reason instanceof RollcallError) return signal.reason;
  return new RollcallError('ABORTED', `${what} was aborted`, { cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw abortedError(signal, what);
}

/**
 * The promise's result, unless the signal aborts first. The work itself is not stopped by this: whoever does it
 * watches the same signal. Leaves no listener on the signal behind.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortedError(signal, what));
    };
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * One signal that aborts when any of the given does, until it is disposed.
 * Not `AbortSignal.any`: on Node 20 its results stay reachable from long-lived sources.
 */
export function linkSignals(...sources: readonly (AbortSignal | undefined)[]): { readonly signal: AbortSignal } & Disposable {
  const controller = lifetimeController();
  const undo: (() => void)[] = [];
  for (const source of sources) {
    if (source === undefined) continue;
    const onAbort = (): void => {
      controller.abort(source.reason);
    };
    if (source.aborted) onAbort();
    else {
      source.addEventListener('abort', onAbort, { once: true });
      undo.push(() => {
        source.removeEventListener('abort', onAbort);
      });
    }
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const step of undo.splice(0)) step();
    },
  };
}

/** Waits `ms`, or less if the signal aborts: then it rejects. Leaves no timer behind. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal, what = 'the wait'): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(signal, what));
      return;
    }
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(abortedError(signal, what));
    };
    const timer = clock.setTimer(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Runs `work` with a signal that aborts after `ms` (then it rejects with TIMEOUT) or when `outer` does. */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  what: string,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const expiry = new AbortController();
  const timer = clock.setTimer(() => {
    expiry.abort(new RollcallError('TIMEOUT', `${what} took longer than ${ms} ms`));
  }, ms);
  const linked = linkSignals(outer, expiry.signal);
  try {
    return await abortable(work(linked.signal), linked.signal, what);
  } finally {
    timer[Symbol.dispose]();
    linked[Symbol.dispose]();
  }
}
