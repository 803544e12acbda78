/**
 * Generates the clients of proto/simple.proto that the examples and tests use into examples/clients/generated, by protoc.
 * With --check it changes nothing and fails if a file is not what protoc gives now.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { provideProtoc } from './protoc.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const generated = path.join(root, 'examples', 'clients', 'generated');

/** Versions stay out of the files: another Debian has another protoc, and its output is the same. */
const tsProto = ['esModuleInterop=true', 'importSuffix=.js', 'env=node', 'outputJsonMethods=false', 'exportCommonSymbols=false', 'useExactTypes=false', 'annotateFilesWithVersion=false'];

/** By folder: which plugin of protoc makes its files, and with which options. What protoc-gen-ts gives does not hold under noUncheckedIndexedAccess, hence ts_nocheck. */
const kinds = {
  'ts-proto': { plugin: 'protoc-gen-ts_proto', options: [...tsProto, 'outputServices=grpc-js'] },
  'nice-grpc': { plugin: 'protoc-gen-ts_proto', options: [...tsProto, 'outputServices=nice-grpc', 'outputServices=generic-definitions'] },
  'protobuf-ts': { plugin: 'protoc-gen-ts', options: ['optimize_code_size', 'eslint_disable', 'ts_nocheck', 'force_server_none'] },
};

/** What the files of one folder are to be, by name. */
async function generate(protoc, { plugin, options }) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'rollcall-generate-'));
  try {
    const name = plugin.replace('protoc-gen-', '');
    const args = [`--plugin=${plugin}=${path.join(root, 'node_modules', '.bin', plugin)}`, `--${name}_out=${scratch}`, `--${name}_opt=${options.join(',')}`];
    await run(protoc, ['-I', path.join(root, 'proto'), ...args, 'simple.proto'], { timeout: 60_000 });
    const files = new Map();
    for (const file of (await readdir(scratch)).sort()) files.set(file, finish(await readFile(path.join(scratch, file), 'utf8'), plugin));
    return files;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Node wants the whole name of a file that a module imports; protoc-gen-ts leaves the suffix out and has no option for it. */
function finish(text, plugin) {
  const imports = text.replace(/( from "\.[^"]*?)(?:\.js)?";/g, '$1.js";');
  return `// By npm run generate, from proto/simple.proto, with ${plugin}. Do not edit.\n${imports}`;
}

async function presentFiles(directory) {
  const names = await readdir(directory).catch(() => []);
  return new Map(await Promise.all(names.sort().map(async (name) => [name, await readFile(path.join(directory, name), 'utf8')])));
}

async function main(check) {
  const { protoc, version } = await provideProtoc();
  const different = [];
  for (const [kind, how] of Object.entries(kinds)) {
    const directory = path.join(generated, kind);
    const [wanted, present] = [await generate(protoc, how), await presentFiles(directory)];
    const names = new Set([...wanted.keys(), ...present.keys()]);
    const changed = [...names].filter((name) => wanted.get(name) !== present.get(name));
    different.push(...changed.map((name) => path.relative(root, path.join(directory, name))));
    if (check) continue;
    await mkdir(directory, { recursive: true });
    for (const name of changed) {
      if (wanted.has(name)) await writeFile(path.join(directory, name), wanted.get(name));
      else await rm(path.join(directory, name));
    }
  }
  if (check && different.length > 0) throw new Error(`not what protoc ${version} gives; run npm run generate: ${different.join(', ')}`);
  console.log(check ? `the generated clients are what protoc ${version} gives` : `protoc ${version}: ${different.length === 0 ? 'nothing changed' : `wrote ${different.join(', ')}`}`);
}

const [option, ...more] = process.argv.slice(2);
if ((option !== undefined && option !== '--check') || more.length > 0) {
  console.error('usage: node scripts/generate.mjs [--check]');
  process.exitCode = 2;
} else {
  await main(option === '--check').catch((error) => {
    console.error((error.stderr || error.message).trim());
    process.exitCode = 1;
  });
}
