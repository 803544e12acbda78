#!/usr/bin/env node
import { processContext } from './process-context.js';
import { run } from './program.js';

// A backend may hold no socket (memory does not), and waiting for a signal does not keep Node running.
const running = setInterval(() => undefined, 2 ** 30);
try {
  // Not process.exit(): what is still open then is a fault to be seen, and output on its way would be cut off.
  process.exitCode = await run(process.argv.slice(2), processContext());
} finally {
  clearInterval(running);
}
