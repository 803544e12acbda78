import { RollcallError } from '../core/errors.js';
import type { Output, StopSignals } from './context.js';

export function interruptedError(): RollcallError {
  return new RollcallError('ABORTED', 'interrupted');
}

/** Aborts on the first request to stop, or when the output has no reader any more. Dispose when done. */
export function stopRequest(signals: StopSignals, output?: Output): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort(interruptedError());
  };
  const subscription = signals.subscribe(stop);
  if (output?.closed.aborted === true) stop();
  output?.closed.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      output?.closed.removeEventListener('abort', stop);
    },
  };
}
