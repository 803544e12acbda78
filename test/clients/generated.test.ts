import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));
const generated = path.join(root, 'examples', 'clients', 'generated');

/** The script's status and what it printed. */
async function run(script: string, env: Readonly<Record<string, string>>, ...args: string[]): Promise<{ readonly status: unknown; readonly output: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(root, 'scripts', script), ...args], { env, cwd: root, timeout: 20_000 });
    return { status: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return { status: code, output: stdout + stderr };
  }
}

async function generatedFiles(): Promise<Map<string, string>> {
  const names = (await readdir(generated, { recursive: true })).filter((name) => name.endsWith('.ts'));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(path.join(generated, name), 'utf8')] as const)));
}

describe('scripts/protoc.mjs and scripts/generate.mjs', () => {
  let scratch: string;
  let foreign: string;

  /** A protoc that knows its version and generates nothing. */
  async function fakeProtoc(directory: string, version: string): Promise<string> {
    await mkdir(directory, { recursive: true });
    const file = path.join(directory, 'protoc');
    await writeFile(file, `#!/bin/sh\nif [ "$1" = --version ]; then echo "libprotoc ${version}"; fi\n`, { mode: 0o755 });
    return file;
  }

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'rollcall-protoc-'));
    foreign = path.join(scratch, 'node_modules', '.bin');
    await fakeProtoc(foreign, '9.0');
  });

  after(() => rm(scratch, { recursive: true }));

  it('take PROTOC before PATH, and nothing in its stead', async () => {
    const chosen = await fakeProtoc(path.join(scratch, 'chosen'), '1.2');
    await fakeProtoc(path.join(scratch, 'other'), '3.4');
    const env = { PATH: path.join(scratch, 'other') };
    expect(await run('protoc.mjs', env)).to.deep.equal({ status: 0, output: `protoc 3.4 (${path.join(scratch, 'other', 'protoc')})\n` });
    expect(await run('protoc.mjs', { ...env, PROTOC: chosen })).to.deep.equal({ status: 0, output: `protoc 1.2 (${chosen})\n` });
    expect(await run('protoc.mjs', { ...env, PROTOC: '/nowhere/protoc' })).to.deep.equal({
      status: 1,
      output: 'PROTOC=/nowhere/protoc is not a protoc that runs; correct or unset it\n',
    });
  });

  it('say in one line what to do where there is none, and do not take that of a package', async () => {
    const { status, output } = await run('protoc.mjs', { PATH: foreign });
    expect(status).to.equal(1);
    expect(output).to.match(/^no protoc found: install one \(Debian: apt-get install protobuf-compiler.*no apt-get here\)\n$/);
  });

  it('change nothing with --check, and name what is not as protoc gives it', async () => {
    const before = await generatedFiles();
    const { status, output } = await run('generate.mjs', { PROTOC: await fakeProtoc(path.join(scratch, 'empty'), '5.6') }, '--check');
    expect(status).to.equal(1);
    expect(output).to.match(/^not what protoc 5\.6 gives; run npm run generate: examples\/clients\/generated\/ts-proto\/simple\.ts, .*simple\.client\.ts/);
    expect(await generatedFiles()).to.deep.equal(before);
  });

  it('refuse other arguments', async () => {
    expect(await run('generate.mjs', {}, '--chekc')).to.deep.equal({ status: 2, output: 'usage: node scripts/generate.mjs [--check]\n' });
  });

  it('say in the first line of each generated file where it comes from', async () => {
    const files = await generatedFiles();
    expect(files.size).to.equal(4);
    for (const [name, text] of files) expect(text, name).to.match(/^\/\/ By npm run generate, from proto\/simple\.proto, with protoc-gen-\w+\. Do not edit\.\n/);
  });
});
