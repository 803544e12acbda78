/** How long sockets and timers may take to wind down after the last test, in milliseconds. */
const grace = Number(process.env.ROLLCALL_TEST_GRACE ?? 5000);

/**
 * Loaded by mocha before the tests. mocha runs without `--exit`, so a handle that a test, or the library, left open
 * would keep the process alive for ever: that fails the run instead of hanging it.
 */
export const mochaHooks = {
  afterAll(): void {
    // Unreferenced: it fires only where something else keeps the process from ending.
    setTimeout(() => {
      console.error(`\nThe tests are over, but something keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`);
      // After mocha's own handler of 'exit', which sets the status by the number of failures.
      process.on('exit', () => {
        process.exitCode = 1;
      });
      process.exit();
    }, grace).unref();
  },
};
