import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither false nor undefined, and gives it back. For what has no event to
 * wait on: another program's state. Fails with the last answer or error after the deadline.
 */
export async function poll<T>(what: string, ask: () => T | Promise<T>, deadlineMs = 10_000): Promise<Exclude<T, false | undefined>> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      last = answer;
    } catch (error) {
      last = error;
    }
    await wait(10);
  }
  throw new Error(`${what} did not come true within ${deadlineMs} ms; last: ${String(last)}`, { cause: last });
}
