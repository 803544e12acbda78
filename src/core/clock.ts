/** Time as everything in this library sees it, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since the epoch, for people and records. */
  now(): number;
  /** Milliseconds that only ever grow, for durations; the wall clock may be set back under us. */
  monotonic(): number;
  /** Runs `callback` once after `ms`; disposing before that takes it back. Keeps the process alive unless `unref`. */
  setTimer(callback: () => void, ms: number, options?: { readonly unref?: boolean }): Disposable;
}

/** The longest that Node's timers can wait; a longer one fires at once. */
const maxTimerMs = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms, options) {
    let timer: NodeJS.Timeout;
    const start = (left: number): void => {
      timer = left > maxTimerMs ? setTimeout(() => start(left - maxTimerMs), maxTimerMs) : setTimeout(callback, left);
      if (options?.unref === true) timer.unref();
    };
    start(ms);
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
      },
    };
  },
};
