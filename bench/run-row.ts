/**
 * One row in a process of its own, so that no row finds what another left in memory: `run-row.ts <row> [rounds] [etcd]`. Writes the figures as
 * one line of JSON. To see where the time goes, after `npm run build`:
 *
 *     node --cpu-prof --import tsx --import ./bench/support/use-build.mjs bench/run-row.ts update-weight-1000
 */
import { measureRow } from './measure.js';
import { rows } from './rows/index.js';
import { Stage } from './world/stage.js';

const [name, rounds = '', etcd] = process.argv.slice(2);
const row = rows.find((each) => each.name === name);
if (row === undefined) throw new Error(`no row ${String(name)}`);
const figures = await measureRow(row, new Stage(etcd), rounds === '' ? undefined : Number(rounds));
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
