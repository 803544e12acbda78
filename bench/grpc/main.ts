import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { writeBetweenMarkers } from '../faults/document.js';
import { type DatedFigures, type Figures, mergeFigures, readFigures, writeFigures } from './figures.js';
import type { RowFigures } from './measure.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';
import { table } from './table.js';
import { help, parseUsage, type Wanted } from './usage.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const keptFigures = path.join(root, 'bench/grpc/figures.json');
const page = path.join(root, 'docs/performance-grpc.md');

function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores of ${(cpu?.model ?? 'an unknown CPU').trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;
}

function legend(figures: Figures): string {
  const dates = [...new Set(Object.values(figures.rows).map(({ date }) => date))].sort();
  return [
    `Measured on ${dates.join(', ')} with \`npm run bench:grpc -- --write-docs\`: ${figures.machine}.`,
    'Both sides in turn, in one process. The median of the rounds, and between which values the middle half of them lies; "ratio" is how many times',
    'better rollcall was than grpc-js, each round compared with the one beside it.',
  ].join('\n');
}

/** In a process of its own. */
async function measure({ name }: Row, rounds: number | undefined): Promise<RowFigures> {
  const args = ['--import', 'tsx', path.join(root, 'bench/grpc/run-row.ts'), name, ...(rounds === undefined ? [] : [String(rounds)])];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 });
  process.stderr.write(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as RowFigures;
}

async function run(wanted: Wanted): Promise<void> {
  const measured: Record<string, DatedFigures> = {};
  for (const row of wanted.rows) {
    const started = performance.now();
    measured[row.name] = { date: new Date().toISOString().slice(0, 10), ...(await measure(row, wanted.rounds)) };
    const [, , line] = table({ machine: '', rows: measured }, [row]).split('\n');
    console.error(`${line ?? ''} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  const newer: Figures = { machine: machine(), rows: measured };
  console.log(`${legend(newer)}\n\n${table(newer, rows)}`);
  if (wanted.json !== undefined) writeFigures(wanted.json, mergeFigures(readFigures(wanted.json), newer, rows));
  if (wanted.writeDocs) {
    const figures = mergeFigures(readFigures(keptFigures), newer, rows);
    writeFigures(keptFigures, figures);
    writeBetweenMarkers(page, `${legend(figures)}\n\n${table(figures, rows)}`);
  }
}

try {
  const wanted = parseUsage(process.argv.slice(2), rows);
  if (wanted.show === 'help') process.stdout.write(help);
  else if (wanted.show === 'list') for (const { name, what, unit } of wanted.rows) console.log(`${name.padEnd(30)} ${what}, ${unit}`);
  else await run(wanted);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
