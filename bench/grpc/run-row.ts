/**
 * One row in a process of its own, so that no row finds what another left in memory: `run-row.ts <row> [rounds]`. Writes the figures as one
 * line of JSON. To see where the time goes: `node --cpu-prof --import tsx bench/grpc/run-row.ts update-weight-1000`.
 */
import { measureRow } from './measure.js';
import { rows } from './rows/index.js';

const [name, rounds] = process.argv.slice(2);
const row = rows.find((each) => each.name === name);
if (row === undefined) throw new Error(`no row ${String(name)}`);
const figures = await measureRow(row, rounds === undefined ? undefined : Number(rounds));
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
