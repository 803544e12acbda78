import { getEventListeners } from 'node:events';

/** How many listen for the abort of a signal: none may be left on one that outlives what it was given to. */
export function countListeners(signal: AbortSignal): () => number {
  return () => getEventListeners(signal, 'abort').length;
}
