import { parseArgs } from 'node:util';

import type { Row } from './row.js';

export const help = `Measures rollcall's gRPC side beside what grpc-js has of its own, both in turn in one process.

usage: npm run bench:grpc -- [row ...] [options]

  A row may be the beginning of several names: "update" is every row of updates.

  --rounds N       rounds of each side (default: as many as each row needs)
  --json FILE      write the figures there; those of rows that were not run stay
  --write-docs     write the table into docs/performance-grpc.md, and the figures into bench/grpc/figures.json
  --list           the rows, one a line
  --help           this text
`;

export interface Wanted {
  readonly rows: readonly Row[];
  readonly rounds: number | undefined;
  readonly json: string | undefined;
  readonly writeDocs: boolean;
  readonly show: 'help' | 'list' | undefined;
}

/** @throws Error with what is wrong with the arguments, and what is known */
export function parseUsage(args: readonly string[], rows: readonly Row[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      json: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1)) throw new Error(`--rounds takes a whole number from 1, not ${String(values.rounds)}`);
  for (const each of positionals) {
    if (!rows.some(({ name }) => name.startsWith(each))) throw new Error(`no row ${each}; known are ${rows.map(({ name }) => name).join(', ')}`);
  }
  return {
    rows: positionals.length === 0 ? rows : rows.filter(({ name }) => positionals.some((each) => name === each || (!rows.some((row) => row.name === each) && name.startsWith(each)))),
    rounds,
    json: values.json,
    writeDocs: values['write-docs'],
    show: values.help ? 'help' : values.list ? 'list' : undefined,
  };
}
