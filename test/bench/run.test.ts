import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import type { Figures } from '../../bench/figures.js';
import { rows } from '../../bench/rows/index.js';
import { parseUsage } from '../../bench/usage.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], { cwd: root });

describe('npm run bench', function () {
  this.timeout(120_000);

  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rollcall-bench-'));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('measures the rows that are named, on etcd and without, both sides, and writes every round down', async () => {
    const file = path.join(folder, 'figures.json');
    const { stdout } = await bench('register-100', 'change-100', '--rounds', '2', '--json', file);
    expect(stdout).to.include('| `register-100` |').and.to.include('| `change-100` |').and.not.to.include('| `change-1000` |');
    const { rows: measured } = JSON.parse(readFileSync(file, 'utf8')) as Figures;
    expect(Object.keys(measured)).to.have.members(['register-100', 'change-100']);
    for (const { sides } of Object.values(measured)) {
      const lengths = Object.values(sides).flatMap((metrics) => Object.values(metrics).map((rounds) => rounds.length));
      expect(lengths).to.deep.equal([2, 2]);
    }
  });

  it('says what went wrong, and exits with 1', async () => {
    const failure = await bench('nonsense').then(
      () => undefined,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failure).to.include({ code: 1 });
    expect(failure!.stderr).to.match(/^no row nonsense; known are register-seen, /);
  });

  it('lists the rows, and what can be said', async () => {
    const { stdout } = await bench('--list');
    expect(stdout.trim().split('\n')).to.have.length(rows.length);
    expect((await bench('--help')).stdout).to.include('--rounds N');
  });
});

describe('the command line of the benchmark', () => {
  it('takes the beginning of names, and a whole name for that row alone', () => {
    const named = (...args: readonly string[]): string[] => parseUsage(args, rows).rows.map(({ name }) => name);
    expect(named('register-1000')).to.deep.equal(['register-1000']);
    expect(named('pick-ring')).to.deep.equal(['pick-ring-hash-10', 'pick-ring-hash-1000', 'pick-ring-hash-10000']);
    expect(named()).to.have.length(rows.length);
    expect(named('burst-100', 'register-seen')).to.deep.equal(['register-seen', 'burst-100']);
  });

  it('refuses rounds that are none', () => {
    for (const rounds of ['0', '1.5', 'many']) expect(() => parseUsage(['--rounds', rounds], rows)).to.throw(`--rounds takes a whole number from 1, not ${rounds}`);
  });

  it('gives every row a name of its own', () => {
    expect(new Set(rows.map(({ name }) => name)).size).to.equal(rows.length);
  });
});
