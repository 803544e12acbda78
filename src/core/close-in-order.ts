import { RollcallError, toRollcallError } from './errors.js';

/** One part to close, with the name it has in the message if that fails. */
export type ClosingStep = readonly [part: string, close: () => unknown];

/**
 * Closes parts one after the other, each whether or not those before it failed.
 * @throws RollcallError INTERNAL that tells of every failure, at the end; its cause is an AggregateError. A failure that two
 *   parts report, because one holds the other, is told once.
 */
export async function closeInOrder(what: string, steps: readonly ClosingStep[]): Promise<void> {
  const failures = new Map<unknown, string>();
  for (const [part, close] of steps) {
    try {
      await close();
    } catch (error) {
      if (!failures.has(error)) failures.set(error, `${part}: ${toRollcallError(error).message}`);
    }
  }
  if (failures.size === 0) return;
  throw new RollcallError('INTERNAL', `closing ${what} failed: ${[...failures.values()].join('; ')}`, { cause: new AggregateError(failures.keys()) });
}
