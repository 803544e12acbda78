import { parseArgs } from 'node:util';

import type { Row } from './row.js';

export const help = `Measures rollcall beside its peers: both sides in turn, on one etcd that the run starts, each row in a process of its own.

usage: npm run bench -- [row ...] [options]

  A row may be the beginning of several names: "update" is every row of updates.

  --rounds N       rounds of each side (default: as many as each row needs)
  --json FILE      where to write the figures (default .cache/bench.json); those of rows that were not run stay
  --write-docs     write the table and the plots into docs/performance.md, and the figures into bench/figures.json
  --draw           measure nothing: draw docs/performance.md anew from bench/figures.json
  --list           the rows, one a line
  --help           this text
`;

export interface Wanted {
  readonly rows: readonly Row[];
  readonly rounds: number | undefined;
  readonly json: string;
  readonly writeDocs: boolean;
  readonly show: 'help' | 'list' | 'draw' | undefined;
}

/** @throws Error with what is wrong with the arguments, and what is known */
export function parseUsage(args: readonly string[], rows: readonly Row[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      json: { type: 'string', default: '.cache/bench.json' },
      'write-docs': { type: 'boolean', default: false },
      draw: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1)) throw new Error(`--rounds takes a whole number from 1, not ${String(values.rounds)}`);
  return {
    rows: positionals.length === 0 ? rows : rows.filter((row) => positionals.flatMap((name) => named(name, rows)).includes(row)),
    rounds,
    json: values.json,
    writeDocs: values['write-docs'],
    show: values.help ? 'help' : values.list ? 'list' : values.draw ? 'draw' : undefined,
  };
}

function named(name: string, rows: readonly Row[]): readonly Row[] {
  const exactly = rows.filter((row) => row.name === name);
  const found = exactly.length > 0 ? exactly : rows.filter((row) => row.name.startsWith(name));
  if (found.length === 0) throw new Error(`no row ${name}; known are ${rows.map((row) => row.name).join(', ')}`);
  return found;
}
