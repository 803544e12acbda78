export interface ClosedLoops {
  /** Who answered, in the order of the answers. */
  readonly answers: readonly string[];
  /** Ends the loops after their calls under way, and gives what failed. */
  stop(): Promise<unknown[]>;
}

/** Calls in closed loops until told to stop: each calls again as soon as it is answered. One whose call fails ends. */
export function callInLoops(call: () => Promise<string>, loops: number): ClosedLoops {
  const answers: string[] = [];
  const failures: unknown[] = [];
  const stopped = new AbortController();
  const running = Array.from({ length: loops }, async () => {
    try {
      while (!stopped.signal.aborted) answers.push(await call());
    } catch (error) {
      failures.push(error);
    }
  });
  return {
    answers,
    async stop() {
      stopped.abort();
      await Promise.all(running);
      return failures;
    },
  };
}
