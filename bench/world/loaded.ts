import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** How long `import()` takes in a fresh process, in milliseconds. */
export async function importTime(specifier: string): Promise<number> {
  const program = `const began = performance.now(); await import(${JSON.stringify(specifier)}); console.log(performance.now() - began); process.exit();`;
  return Number((await run(process.execPath, ['--input-type=module', '-e', program], { cwd: root })).stdout);
}

export interface Loaded {
  /** Modules that were loaded, other packages' included. */
  readonly files: number;
  /** Other packages, in alphabetical order. */
  readonly packages: readonly string[];
  /** What of it stands on the disk: our own files that are loaded, and the whole folder of each other package. */
  readonly bytes: number;
}

/** What an import loads, as Node's coverage lists it. */
export async function loadedBy(specifier: string): Promise<Loaded> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-loaded-'));
  try {
    await run(process.execPath, ['--input-type=module', '-e', `await import(${JSON.stringify(specifier)}); process.exit();`], { cwd: root, env: { ...process.env, NODE_V8_COVERAGE: folder } });
    const [file] = await readdir(folder);
    const { result } = JSON.parse(await readFile(path.join(folder, file ?? ''), 'utf8')) as { result: { url: string }[] };
    const files = result.map(({ url }) => url).filter((url) => url.startsWith('file:') && !url.includes('[eval')).map((url) => fileURLToPath(url));
    const own = files.filter((each) => !each.includes('/node_modules/'));
    const folders = new Set(files.filter((each) => each.includes('/node_modules/')).map((each) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(each)?.[0] ?? each));
    const sizes = await Promise.all([...own.map(async (each) => (await stat(each)).size), ...[...folders].map(folderSize)]);
    return {
      files: files.length,
      packages: [...folders].map((each) => each.slice(each.lastIndexOf('/node_modules/') + '/node_modules/'.length)).sort(),
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
