import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Etcd3 } from 'etcd3';

import { findEtcd } from '../scripts/etcd.mjs';
import { startEtcd } from '../test/support/etcd.js';
import { type DatedFigures, type Figures, mergeFigures, readFigures, writeFigures } from './figures.js';
import type { RowFigures } from './measure.js';
import { legend, writePage } from './page.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';
import { machine } from './support/machine.js';
import { table } from './table.js';
import { help, parseUsage, type Wanted } from './usage.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const keptFigures = path.join(root, 'bench/figures.json');
const page = path.join(root, 'docs/performance.md');

/** In a process of its own. */
async function measure({ name }: Row, rounds: number | undefined, endpoint: string): Promise<RowFigures> {
  const loaders = ['--import', 'tsx', '--import', './bench/support/use-build.mjs'];
  const args = ['--expose-gc', ...loaders, path.join(root, 'bench/run-row.ts'), name, String(rounds ?? ''), endpoint];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 28 });
  process.stderr.write(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as RowFigures;
}

/** What one row left must not weigh on the next one. */
async function clear(client: Etcd3): Promise<void> {
  const { header } = await client.delete().all().exec();
  // Refused where nothing was written since the last row.
  await client.kv.compact({ revision: header.revision, physical: true }).catch(() => undefined);
}

async function run(wanted: Wanted): Promise<void> {
  const found = await findEtcd();
  if (found === undefined) throw new Error('no etcd here: run `node scripts/etcd.mjs` first');
  mkdirSync(path.dirname(path.resolve(wanted.json)), { recursive: true });
  const etcd = await startEtcd();
  const client = new Etcd3({ hosts: `http://${etcd.endpoints[0] ?? ''}` });
  const measured: Record<string, DatedFigures> = {};
  const failed: string[] = [];
  try {
    for (const [index, row] of wanted.rows.entries()) {
      const started = performance.now();
      const progress = `${index + 1}/${wanted.rows.length} ${row.name}`;
      try {
        measured[row.name] = { date: new Date().toISOString().slice(0, 10), ...(await measure(row, wanted.rounds, etcd.endpoints[0] ?? '')) };
        // After each row: a run that is cut short has what it measured.
        writeFigures(wanted.json, mergeFigures(readFigures(wanted.json), { machine: machine(), etcd: found.version, rows: measured }, rows));
        const [, , ...lines] = table({ machine: '', etcd: '', rows: { [row.name]: measured[row.name] as DatedFigures } }, [row]).split('\n');
        console.error(`${progress}, ${((performance.now() - started) / 1000).toFixed(0)} s\n${lines.join('\n')}`);
      } catch (error) {
        // The other rows are worth having.
        failed.push(row.name);
        console.error(`${progress} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      await clear(client);
    }
  } finally {
    client.close();
    await etcd.stop();
  }
  const newer: Figures = { machine: machine(), etcd: found.version, rows: measured };
  console.log(`${legend(newer)}\n\n${table(newer, rows)}`);
  console.error(`figures of every round: ${wanted.json}`);
  if (wanted.writeDocs) {
    const figures = mergeFigures(readFigures(keptFigures), newer, rows);
    writeFigures(keptFigures, figures);
    writePage(page, figures, rows);
  }
  if (failed.length > 0) throw new Error(`failed: ${failed.join(', ')}`);
}

function draw(): void {
  const figures = readFigures(keptFigures);
  if (figures === undefined) throw new Error('no figures yet: run `npm run bench -- --write-docs` first');
  writePage(page, figures, rows);
}

try {
  const wanted = parseUsage(process.argv.slice(2), rows);
  if (wanted.show === 'help') process.stdout.write(help);
  else if (wanted.show === 'list') for (const { name, what } of wanted.rows) console.log(`${name.padEnd(32)} ${what}`);
  else if (wanted.show === 'draw') draw();
  else await run(wanted);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
