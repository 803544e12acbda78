/** Time as everything in this library sees it, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since the epoch, for people and records. */
  now(): number;
  /** Milliseconds that only ever grow, for durations; the wall clock may be set back under us. */
  monotonic(): number;
  /** Runs `callback` once after `ms`; disposing before that takes it back. Keeps the process alive unless `unref`. */
  setTimer(callback: () => void, ms: number, options?: { readonly unref?: boolean }): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms, options) {
    const timer = setTimeout(callback, ms);
    if (options?.unref === true) timer.unref();
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
      },
    };
  },
};
