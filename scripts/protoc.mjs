/**
 * Finds protoc, the compiler of .proto files, or installs Debian's; prints `protoc <version> (<path>)`.
 *
 * In this order: PROTOC, PATH, the Debian package (which only root can install). Programs of node_modules do not count: packages
 * put scripts of that name there which would download another protoc.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A protoc on this machine without installing anything, or `undefined`.
 * A path that was asked for and does not work is an error: nothing else is taken in its stead.
 */
export async function findProtoc(env = process.env) {
  if (env.PROTOC) {
    const version = await versionOf(env.PROTOC);
    if (version === undefined) throw new Error(`PROTOC=${env.PROTOC} is not a protoc that runs; correct or unset it`);
    return { protoc: path.resolve(env.PROTOC), version };
  }
  for (const directory of (env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    if (directory.split(path.sep).includes('node_modules')) continue;
    const protoc = path.join(directory, 'protoc');
    if (!(await isExecutable(protoc))) continue;
    const version = await versionOf(protoc);
    if (version !== undefined) return { protoc, version };
  }
  return undefined;
}

/** As `findProtoc`, but installs Debian's package where there is none. Rejects with one line saying what to do. */
export async function provideProtoc(env = process.env) {
  const found = await findProtoc(env);
  if (found !== undefined) return found;
  let tried;
  try {
    await installDebianPackage(env);
    const installed = await findProtoc(env);
    if (installed !== undefined) return installed;
    tried = 'the package protobuf-compiler brought no protoc into PATH';
  } catch (error) {
    tried = oneLine(error);
  }
  throw new Error(`no protoc found: install one (Debian: apt-get install protobuf-compiler, macOS: brew install protobuf) or set PROTOC to its path (tried: ${tried})`);
}

async function installDebianPackage(env) {
  await run('apt-get', ['--version'], { env }).catch(() => {
    throw new Error('no apt-get here');
  });
  if (process.getuid?.() !== 0) throw new Error('only root can install Debian packages');
  const install = () =>
    run('apt-get', ['install', '--yes', '--no-install-recommends', 'protobuf-compiler'], { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 180_000 });
  try {
    await install();
  } catch {
    // A fresh machine has no package lists, an old one lists packages that are gone.
    await run('apt-get', ['update'], { env, timeout: 180_000 });
    await install();
  }
}

async function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(protoc) {
  try {
    const { stdout } = await run(protoc, ['--version'], { timeout: 10_000 });
    return /^libprotoc (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function oneLine(error) {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { protoc, version } = await provideProtoc();
    console.log(`protoc ${version} (${protoc})`);
  } catch (error) {
    console.error(oneLine(error));
    process.exitCode = 1;
  }
}
