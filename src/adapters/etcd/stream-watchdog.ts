import type { Clock } from '../../core/clock.js';
import { setDeadline } from '../../core/deadline.js';

export interface StreamWatchdogOptions {
  readonly clock: Clock;
  /** Silence after which a sign of life is asked for. */
  readonly intervalMs: number;
  /** Silence after that which means that nobody is there. */
  readonly timeoutMs: number;
  readonly ask: () => void;
  readonly silent: () => void;
}

/**
 * Silence is a fault: a stream of which nothing is heard is asked for a sign of life, and given up if none comes.
 *
 *     listening ──silent for the interval──→ asking ──silent for the timeout──→ over
 *         ↑                                    │
 *         └────────── anything heard ──────────┘
 */
export class StreamWatchdog implements Disposable {
  readonly #options: StreamWatchdogOptions;
  #state: 'listening' | 'asking' | 'over' = 'listening';
  #heardAt: number;
  #timer: Disposable;

  constructor(options: StreamWatchdogOptions) {
    this.#options = options;
    this.#heardAt = options.clock.monotonic();
    this.#timer = this.#listen(options.intervalMs);
  }

  /** To be called with every message. Costs next to nothing while the stream is lively. */
  heard(): void {
    this.#heardAt = this.#options.clock.monotonic();
    if (this.#state !== 'asking') return;
    this.#stop();
    this.#state = 'listening';
    this.#timer = this.#listen(this.#options.intervalMs);
  }

  [Symbol.dispose](): void {
    this.#state = 'over';
    this.#stop();
  }

  #listen(ms: number): Disposable {
    const { clock, intervalMs } = this.#options;
    return clock.setTimer(() => {
      const left = this.#heardAt + intervalMs - clock.monotonic();
      if (left > 0) this.#timer = this.#listen(left);
      else this.#ask();
    }, ms);
  }

  #ask(): void {
    const { clock, timeoutMs, ask, silent } = this.#options;
    this.#state = 'asking';
    ask();
    this.#timer = setDeadline(
      clock,
      () => {
        this[Symbol.dispose]();
        silent();
      },
      timeoutMs,
    );
  }

  #stop(): void {
    this.#timer[Symbol.dispose]();
  }
}
