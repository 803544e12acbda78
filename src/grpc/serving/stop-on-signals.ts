import { toRollcallError } from '../../core/errors.js';
import { type Logger, silentLogger } from '../../core/logger.js';
import { custom, parseOptions } from '../../core/options.js';
import type { ServingHandle } from './serving-handle.js';

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGBREAK' | 'SIGQUIT' | 'SIGUSR2';

const known: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK', 'SIGQUIT', 'SIGUSR2'];

/** The part of `process` that this needs. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

export interface StopOnSignalsOptions {
  /** Default SIGTERM and SIGINT. */
  readonly signals?: readonly StopSignal[] | undefined;
  /**
   * Called once the server is stopped: with 0, or with 1 if a second signal forced it or the record could not be removed. Pass `process.exit` to end a process
   * in which something else still runs. Default: nothing; the process ends by itself once nothing is left to do.
   */
  readonly exit?: ((code: number) => unknown) | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: `process`. For tests. */
  readonly source?: SignalSource | undefined;
}

const specs = {
  signals: custom<readonly StopSignal[]>({
    describe: 'which signals stop the server',
    expects: `a list of ${known.join(', ')}`,
    fallback: ['SIGTERM', 'SIGINT'],
    parse: (value) => (Array.isArray(value) && value.length > 0 && value.every((each) => known.includes(each as StopSignal)) ? (value as StopSignal[]) : undefined),
  }),
  exit: custom<((code: number) => unknown) | undefined>({
    describe: 'called once the server is stopped',
    expects: 'a function',
    fallback: undefined,
    parse: (value) => (typeof value === 'function' ? (value as (code: number) => unknown) : undefined),
  }),
  logger: custom<Logger>({ describe: 'lines about what happens', expects: 'a logger', fallback: silentLogger, parse: (value) => value as Logger }),
  source: custom<SignalSource>({ describe: 'for tests', expects: 'process', fallback: process, parse: (value) => value as SignalSource }),
};

/**
 * Has the first of these signals stop the server gracefully, and the next one at once. A third one does what it does to any process. Dispose of the
 * result to leave the signals alone again.
 * @throws RollcallError UNKNOWN_OPTION, INVALID_CONFIG.
 */
export function stopOnSignals(handle: Pick<ServingHandle, 'stop'> & Partial<Pick<ServingHandle, 'address'>>, options: StopOnSignalsOptions = {}): Disposable {
  const { signals, exit, logger, source } = parseOptions(specs, { ...options }, 'stopOnSignals');
  const listeners = signals.map((signal) => [signal, () => onSignal(signal)] as const);
  let received = 0;

  const leave = (): void => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
  const onSignal = (signal: StopSignal): void => {
    received++;
    logger.info({ signal, ...(handle.address === undefined ? {} : { address: handle.address }) }, received === 1 ? 'stopping' : 'stopping at once');
    if (received > 1) leave();
    const stopped = handle.stop({ now: received > 1 });
    if (received > 1) {
      // The first one waits for the same end, and tells of it.
      stopped.catch(() => undefined);
      return;
    }
    stopped.then(
      () => {
        leave();
        exit?.(received > 1 ? 1 : 0);
      },
      (error: unknown) => {
        leave();
        logger.error({ err: toRollcallError(error) }, 'the server did not stop cleanly');
        exit?.(1);
      },
    );
  };

  for (const [signal, listener] of listeners) source.on(signal, listener);
  return { [Symbol.dispose]: leave };
}
