import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const run = promisify(execFile);

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  /** What is in it. */
  readonly files: readonly string[];
}

let directory: string | undefined;
let packed: Promise<Packed> | undefined;

/** The package as npm would publish it, packed once for all tests. */
export function pack(): Promise<Packed> {
  packed ??= packNow();
  return packed;
}

async function packNow(): Promise<Packed> {
  // `npm test` builds before it tests; built again here, it would pull dist away from under the tests beside us.
  if (!existsSync(path.join(root, 'dist')) || newest('src', '.ts') > newest('dist', '.js')) throw new Error('dist is older than src: run `npm run build` first');
  directory = await mkdtemp(path.join(tmpdir(), 'rollcall-pack-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], { cwd: root });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: path.join(directory, filename), files: files.map((file) => file.path) };
}

function newest(folder: string, extension: string): number {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(extension));
  return Math.max(...files.map((file) => statSync(path.join(root, folder, file)).mtimeMs));
}

after(async () => {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});
