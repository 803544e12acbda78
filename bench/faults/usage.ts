import { parseArgs } from 'node:util';

import type { Client } from './clients/client.js';
import type { Scenario } from './scenario.js';

export const help = `Measures what faults do to rollcall and to plain etcd3, each on an etcd of its own that it starts.

usage: npm run bench:faults -- [scenario ...] [options]

  --runs N         runs of each scenario and client (default 3)
  --client NAME    rollcall or etcd3 alone (default: both in turn)
  --json FILE      write the figures there; those of scenarios that were not run stay
  --write-docs     write the table into docs/reliability.md, and the figures into bench/faults/figures.json
  --list           the scenarios, one a line
  --help           this text
`;

export interface Wanted {
  readonly scenarios: readonly Scenario[];
  readonly clients: readonly Client[];
  readonly runs: number;
  readonly json: string | undefined;
  readonly writeDocs: boolean;
  readonly show: 'help' | 'list' | undefined;
}

/** @throws Error with what is wrong with the arguments, and what is known */
export function parseUsage(args: readonly string[], scenarios: readonly Scenario[], clients: readonly Client[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      client: { type: 'string' },
      json: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a whole number from 1, not ${values.runs}`);
  return {
    scenarios: positionals.length === 0 ? scenarios : positionals.map((name) => named('scenario', name, scenarios)),
    clients: values.client === undefined ? clients : [named('client', values.client, clients)],
    runs,
    json: values.json,
    writeDocs: values['write-docs'],
    show: values.help ? 'help' : values.list ? 'list' : undefined,
  };
}

function named<T extends { readonly name: string }>(what: string, name: string, all: readonly T[]): T {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no ${what} ${name}; known are ${all.map((each) => each.name).join(', ')}`);
  return found;
}
