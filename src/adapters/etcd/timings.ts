import { number } from '../../core/options.js';
import type { BackoffOptions } from '../../core/backoff.js';
import type { OptionValues } from '../../core/options.js';
import type { Seconds } from '../../core/ports.js';

const seconds = { unit: 'seconds', max: 3600 } as const;

/** How long everything waits. The defaults suit a cluster in one region; `docs/operations.md` says when to change which. */
export const timingOptions = {
  attemptTimeout: number({ describe: 'seconds one member gets to answer one request before it is left for another (default 2)', fallback: 2, min: 0.1, ...seconds }),
  hedgeDelay: number({ describe: 'seconds without an answer after which the next member is tried beside the one that is slow, while looking for one (default 0.3)', fallback: 0.3, min: 0.01, ...seconds }),
  retryMin: number({ describe: 'longest first wait before a retry, in seconds; half of it is random (default 0.05)', fallback: 0.05, min: 0.001, ...seconds }),
  retryMax: number({ describe: 'longest wait between retries, in seconds; half of it is random (default 0.6)', fallback: 0.6, min: 0.01, ...seconds }),
  refusedRetryMax: number({ describe: 'longest wait for a member that refuses us, by a wrong password for example, in seconds (default 30)', fallback: 30, min: 0.1, ...seconds }),
  keepaliveInterval: number({ describe: 'seconds between two pings of a lease, at most (default: a third of its TTL)', fallback: undefined, min: 0.1, ...seconds }),
  keepaliveTimeout: number({ describe: 'seconds a ping may stay unanswered, at most a third of the TTL (default: a sixth of it, at least 0.5)', fallback: undefined, min: 0.1, ...seconds }),
  idleProbeInterval: number({ describe: 'seconds without a word from etcd after which it is asked whether it is there, where neither a watch nor a lease does so (default 5)', fallback: 5, min: 0.1, ...seconds }),
  watchdogInterval: number({ describe: 'seconds of silence after which a watch stream is asked for a sign of life (default 1)', fallback: 1, min: 0.1, ...seconds }),
  watchdogTimeout: number({ describe: 'seconds that sign may take (default 1)', fallback: 1, min: 0.1, ...seconds }),
  http2PingInterval: number({ describe: 'seconds between two HTTP/2 pings of a connection; etcd refuses less than 5 (default 10)', fallback: 10, min: 5, ...seconds }),
  http2PingTimeout: number({ describe: 'seconds an HTTP/2 ping may stay unanswered (default 3)', fallback: 3, min: 0.1, ...seconds }),
  closeTimeout: number({ describe: 'seconds close() waits for etcd to take the leases back (default 2)', fallback: 2, min: 0.1, ...seconds }),
};

type TimingValues = OptionValues<typeof timingOptions>;

/** The same in milliseconds, as the parts of the adapter use it. */
export interface EtcdTimings {
  readonly attemptTimeoutMs: number;
  readonly hedgeDelayMs: number;
  readonly retry: Required<Pick<BackoffOptions, 'initialMs' | 'maxMs'>>;
  /** For what is refused and will be until somebody changes something. */
  readonly refusedRetry: Required<Pick<BackoffOptions, 'initialMs' | 'maxMs'>>;
  /** Of a lease with this TTL. */
  keepaliveIntervalMs(ttlMs: number): number;
  keepaliveTimeoutMs(ttlMs: number): number;
  readonly idleProbeMs: number;
  readonly watchdog: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly closeTimeoutMs: number;
}

export function timingsOf(options: TimingValues): EtcdTimings {
  const ms = (value: Seconds): number => value * 1000;
  return {
    attemptTimeoutMs: ms(options.attemptTimeout),
    // By then the attempt itself has failed.
    hedgeDelayMs: ms(Math.min(options.hedgeDelay, options.attemptTimeout)),
    retry: { initialMs: ms(options.retryMin), maxMs: ms(options.retryMax) },
    refusedRetry: { initialMs: Math.min(1000, ms(options.refusedRetryMax)), maxMs: ms(options.refusedRetryMax) },
    // Whatever is asked for, a lease needs more than one ping in its lifetime.
    keepaliveIntervalMs: (ttlMs) => Math.min(ttlMs / 3, ms(options.keepaliveInterval ?? Infinity)),
    // More than a third would leave no time to ask another member.
    keepaliveTimeoutMs: (ttlMs) => Math.min(Math.max(500, ttlMs / 3), options.keepaliveTimeout === undefined ? Math.max(500, ttlMs / 6) : ms(options.keepaliveTimeout)),
    idleProbeMs: ms(options.idleProbeInterval),
    watchdog: { intervalMs: ms(options.watchdogInterval), timeoutMs: ms(options.watchdogTimeout) },
    closeTimeoutMs: ms(options.closeTimeout),
  };
}

/** Those of a connection that sets none. */
export const defaultTimings: EtcdTimings = timingsOf(
  Object.fromEntries(Object.entries(timingOptions).map(([name, { fallback }]) => [name, fallback])) as unknown as TimingValues,
);
