/** `npm run soak`: the randomised run. `--help` says what it takes. */
import { describe } from './figures.js';
import { help, readOptions } from './options.js';
import { runSoak } from './soak.js';

/** How long after its end something may keep this process alive. */
const graceMs = 5_000;

const options = readOptions(process.argv.slice(2));
if (options === 'help') {
  console.log(help);
} else if ('wrong' in options) {
  console.error(`${options.wrong}; --help says what there is`);
  process.exitCode = 2;
} else {
  const { seed, random, members, minutes, steps, keepGoing, log: keepLog, json } = options;
  // Before anything can go wrong, and on the side, so that --json stays JSON.
  console.error(`seed ${seed}${random ? ' (chosen at random; --seed takes it again)' : ''}, ${members} member${members === 1 ? '' : 's'} of etcd, ${steps === undefined ? `${minutes} min` : `${steps} steps`}`);
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    console.error('interrupted; closing everything');
    interrupt.abort();
  };
  process.once('SIGINT', onInterrupt);
  try {
    const { figures, log, lastSteps } = await runSoak({
      seed,
      members,
      forMs: minutes * 60_000,
      steps,
      keepGoing,
      keepLog,
      signal: interrupt.signal,
      progress: (line) => console.error(line),
    });
    console.log(json ? JSON.stringify({ ...figures, interrupted: interrupt.signal.aborted, log }) : describe(figures));
    if (figures.violations.length > 0) {
      console.error(`\nThe last steps:\n${lastSteps.map((line) => `  ${line}`).join('\n')}`);
      process.exitCode = 1;
    }
    if (log !== undefined) console.error(`\nEverything that happened: ${log}`);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
  // Unreferenced: it fires only where something was left open.
  setTimeout(() => {
    console.error(`It is over, but something keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, graceMs).unref();
}
