import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly seed: number;
  /** Whether the seed was made up here. */
  readonly random: boolean;
  readonly members: 1 | 3;
  readonly minutes: number;
  readonly steps: number | undefined;
  readonly keepGoing: boolean;
  /** Keeps the log of a run in which nothing broke, too. */
  readonly log: boolean;
  readonly json: boolean;
}

export const help = `Usage: npm run soak -- [options]

Runs the library against a real etcd while chance brings about registrations, updates, removals, crashes, cuts, freezes
and compactions, and checks that every snapshot is what etcd held at its revision, that everything is as it should be
soon after the faults are lifted, and that nobody removes or overwrites what is not his.

  --minutes N    how long (default 1)
  --steps N      ends after so many steps instead, to replay up to where something broke
  --seed N       a whole number; the same seed gives the same plan (default: a random one)
  --members N    1 or 3 members of etcd (default 1)
  --keep-going   does not stop at the first broken invariant
  --log          keeps the log of everything that happened even if nothing broke
  --json         prints the figures as one JSON object
  --help         prints this

The seed and the number of members determine the steps and the pauses between them. When exactly the processes do what
they are told is up to the machine and is not replayed, so a rare fault may take several runs of its seed to come again.

Exit status: 0 nothing was broken, 1 an invariant was, 2 wrong usage. ETCD_BIN chooses another etcd.`;

/** @returns the options, `'help'`, or what is wrong with them */
export function readOptions(args: readonly string[]): CommandLine | 'help' | { readonly wrong: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        steps: { type: 'string' },
        seed: { type: 'string' },
        members: { type: 'string' },
        'keep-going': { type: 'boolean' },
        log: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return { wrong: (error as Error).message };
  }
  if (values.help === true) return 'help';
  const minutes = Number(values.minutes ?? (values.steps === undefined ? 1 : Infinity));
  const steps = values.steps === undefined ? undefined : Number(values.steps);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const members = Number(values.members ?? 1);
  if (!(minutes > 0)) return { wrong: `--minutes ${values.minutes ?? ''} is not a number above 0` };
  if (steps !== undefined && !(Number.isInteger(steps) && steps > 0)) return { wrong: `--steps ${values.steps ?? ''} is not a whole number above 0` };
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) return { wrong: `--seed ${values.seed ?? ''} is not a whole number from 0 to 4294967295` };
  if (members !== 1 && members !== 3) return { wrong: `--members ${values.members ?? ''} is neither 1 nor 3` };
  return { seed, random: values.seed === undefined, members, minutes, steps, keepGoing: values['keep-going'] === true, log: values.log === true, json: values.json === true };
}
