import type { Clock } from './clock.js';

/** A timer that fires so much later than it was set for says that this process stood still, or was too busy to listen. */
const lateMs = 200;

/** How long a process that stood still gets to read what has arrived meanwhile. */
const graceMs = 200;

/**
 * Runs the callback unless disposed within `ms`: a limit for somebody's answer. When the timer itself is late, because the
 * process was suspended or its event loop blocked, the answer may lie in a socket unread; it gets a moment more then,
 * and nobody is blamed for our own sleep.
 */
export function setDeadline(clock: Clock, callback: () => void, ms: number): Disposable {
  const due = clock.monotonic() + ms;
  let timer = clock.setTimer(() => {
    if (clock.monotonic() - due < lateMs) callback();
    else timer = clock.setTimer(callback, graceMs);
  }, ms);
  return {
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
    },
  };
}
