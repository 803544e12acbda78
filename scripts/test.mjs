// Runs the tests in two mocha processes side by side, since most of them wait for something: an etcd, a lease, a child
// process. Two whole processes and not mocha's --parallel, whose workers are killed at the end: ours must end by
// themselves, which shows that no test left a handle open. Arguments are passed on: npm test -- --grep 'law 7'.
// With --faults first, the long tests of faults instead of all others, one after the other: they measure times.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What takes too long for every run: clusters that lose members, outages of many seconds, servers replaced under load, the randomised run. */
const long = /^faults\/(?:member|quorum|restored|credentials|outage|limits|backlog|late-write|soak|grpc-rolling|grpc-crash|grpc-scale)\.test\.ts$/;

/** What needs more than npm gives; it has a script of its own. */
const apart = /^interop\//;

/** What runs first; everything else, also what is added one day, runs in the other process. */
const first = /^(?:adapters|cli|conformance|config|core|docs|faults|inversify|layouts|package)\//;

const files = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
const short = files.filter((file) => !long.test(file) && !apart.test(file));
const faults = process.argv[2] === '--faults';
const groups = faults ? [files.filter((file) => long.test(file))] : [short.filter((file) => first.test(file)), short.filter((file) => !first.test(file))];
const options = process.argv.slice(faults ? 3 : 2);

/** Shows the output of the first process as it comes, that of the other one when both are over. */
function run(group, live) {
  return new Promise((resolve) => {
    const colour = process.stdout.isTTY ? ['--color'] : [];
    const args = ['node_modules/mocha/bin/mocha.js', ...colour, ...options, ...group.map((file) => `test/${file}`).sort()];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'] });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.once('close', (status, signal) => resolve({ output: Buffer.concat(output), status: signal === null ? status : 1 }));
  });
}

const results = await Promise.all(groups.map((group, index) => run(group, index === 0)));
for (const { output } of results) process.stdout.write(output);
process.exitCode = results.find(({ status }) => status !== 0)?.status ?? 0;
