import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { findEtcd } from '../../scripts/etcd.mjs';
import { type Client, ttl } from './clients/client.js';
import { clients } from './clients/index.js';
import { type ClientFigures, type Figures, mergeFigures, readFigures, writeFigures } from './figures.js';
import { type Outcome, patience, type Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { writeBetweenMarkers } from '../support/document.js';
import { machine } from '../support/machine.js';
import { table } from './table.js';
import { help, parseUsage, type Wanted } from './usage.js';
import { Teardown } from '../support/teardown.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const keptFigures = path.join(root, 'bench/faults/figures.json');
const page = path.join(root, 'docs/reliability.md');

/** One run, from a new etcd to its end. A client that throws outside of any call ends no run, but is told. */
async function runOnce(scenario: Scenario, client: Client): Promise<Outcome> {
  const undo = new Teardown();
  try {
    return await scenario.run(client, undo);
  } finally {
    await undo.run();
  }
}

/** Each client in turn, so that whatever else happens on the machine hits both alike. */
async function measure(scenario: Scenario, wanted: Wanted, etcd: string): Promise<Record<string, ClientFigures>> {
  const results = wanted.clients.map((client) => ({ client, runs: [] as Outcome[], broken: [] as string[] }));
  for (let run = 1; run <= wanted.runs; run++) {
    for (const { client, runs, broken } of results) {
      const started = performance.now();
      let outcome: Outcome | undefined;
      try {
        outcome = await runOnce(scenario, client);
        runs.push(outcome);
      } catch (error) {
        broken.push(String(error));
      }
      const took = ((performance.now() - started) / 1000).toFixed(0);
      console.error(`${scenario.name}, ${client.name}, run ${run}, ${took} s: ${outcome === undefined ? broken.at(-1) : JSON.stringify(outcome)}`);
    }
  }
  const date = new Date().toISOString().slice(0, 10);
  return Object.fromEntries(results.map(({ client, runs, broken }) => [client.name, { date, etcd, runs, broken }]));
}

function legend(figures: Figures): string {
  const all = Object.values(figures.scenarios).flatMap((each) => Object.values(each));
  const span = (values: readonly string[]): string => [...new Set(values)].sort().join(', ');
  const counts = span(all.map(({ runs, broken }) => String(runs.length + broken.length)));
  return [
    `Measured on ${span(all.map(({ date }) => date))} with \`npm run bench:faults -- --write-docs\`: etcd ${span(all.map(({ etcd }) => etcd))}, ${figures.machine}.`,
    `TTL ${figures.ttl} s, ${counts} runs each, the clients in turn; the median, and the worst where it differs.`,
    `"never" is not within the ${figures.patience / 1000} s that a run waits.`,
  ].join('\n');
}

async function run(wanted: Wanted): Promise<void> {
  const found = await findEtcd();
  if (found === undefined) throw new Error('no etcd here: run `node scripts/etcd.mjs` first');
  const measured: Record<string, Record<string, ClientFigures>> = {};
  const runLane = async (lane: Scenario['lane']): Promise<void> => {
    for (const scenario of wanted.scenarios.filter((each) => each.lane === lane)) measured[scenario.name] = await measure(scenario, wanted, found.version);
  };
  await runLane('alone');
  await Promise.all([runLane('single'), runLane('cluster')]);
  const newer: Figures = { machine: machine(), ttl, patience, scenarios: measured };
  const names = clients.map(({ name }) => name);
  console.log(`${legend(newer)}\n\n${table(newer, scenarios, wanted.clients.map(({ name }) => name))}`);
  if (wanted.json !== undefined) writeFigures(wanted.json, mergeFigures(readFigures(wanted.json), newer, scenarios));
  if (wanted.writeDocs) {
    const figures = mergeFigures(readFigures(keptFigures), newer, scenarios);
    writeFigures(keptFigures, figures);
    writeBetweenMarkers(page, `${legend(figures)}\n\n${table(figures, scenarios, names)}`);
  }
}

// A client that throws inside a callback of its own would end a user's process; here it is told, and the run goes on.
process.on('uncaughtException', (error) => console.error('thrown outside of any call:', error));
process.on('unhandledRejection', (error) => console.error('rejected, and nobody to catch it:', error));

try {
  const wanted = parseUsage(process.argv.slice(2), scenarios, clients);
  if (wanted.show === 'help') process.stdout.write(help);
  else if (wanted.show === 'list') for (const { name, fault } of scenarios) console.log(`${name.padEnd(16)} ${fault}`);
  else await run(wanted);
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
