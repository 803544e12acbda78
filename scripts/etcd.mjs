/**
 * Finds an etcd to test against, or installs one; prints `etcd <version> (<path>)`.
 *
 * In this order: ETCD_BIN (and ETCDCTL_BIN), PATH, what an earlier run installed, the Debian package, an official release.
 * ROLLCALL_ETCD_DOWNLOAD, the base URL of a mirror of the releases, skips the Debian package.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { installDebianPackage, installRelease } from './etcd-install.mjs';

const run = promisify(execFile);
const projectCache = fileURLToPath(new URL('../.cache/etcd', import.meta.url));

/** Where a copy of our own may be: in the clone (git-ignored, outlives `npm ci`), or the user's cache when that is read-only. */
function cacheDirectories(env) {
  const userCache = env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return [projectCache, path.join(userCache, 'rollcall', 'etcd')];
}

/**
 * An etcd on this machine without installing anything, or `undefined`.
 * A path that was asked for and does not work is an error: nothing else is taken in its stead.
 */
export async function findEtcd(env = process.env) {
  if (env.ETCD_BIN) {
    const version = await versionOf(env.ETCD_BIN);
    if (version === undefined) throw new Error(`ETCD_BIN=${env.ETCD_BIN} is not an etcd that runs; correct or unset it`);
    return { etcd: path.resolve(env.ETCD_BIN), etcdctl: await findEtcdctl(path.dirname(env.ETCD_BIN), env), version };
  }
  const directories = [...(env.PATH ?? '').split(path.delimiter).filter(Boolean), ...cacheDirectories(env)];
  for (const directory of directories) {
    const etcd = path.join(directory, 'etcd');
    if (!(await isExecutable(etcd))) continue;
    const version = await versionOf(etcd);
    if (version !== undefined) return { etcd, etcdctl: await findEtcdctl(directory, env), version };
  }
  return undefined;
}

/** As `findEtcd`, but installs a copy for this project where there is none. Rejects with one line saying what to do. */
export async function provideEtcd(env = process.env) {
  const found = await findEtcd(env);
  if (found !== undefined) return found;
  const tried = [];
  for (const directory of cacheDirectories(env)) {
    for (const install of env.ROLLCALL_ETCD_DOWNLOAD ? [installRelease] : [installDebianPackage, installRelease]) {
      try {
        await install(directory, env);
        const installed = await findEtcd(env);
        if (installed !== undefined) return installed;
      } catch (error) {
        tried.push(oneLine(error));
      }
    }
  }
  throw new Error(
    `no etcd found: install etcd 3.4 or newer (Debian: etcd-server, macOS: brew install etcd) or set ETCD_BIN to its path (tried: ${[...new Set(tried)].join('; ')})`,
  );
}

/** etcdctl is wanted next to etcd first, so that both are of one version. */
async function findEtcdctl(directory, env) {
  if (env.ETCDCTL_BIN) return path.resolve(env.ETCDCTL_BIN);
  for (const each of [directory, ...(env.PATH ?? '').split(path.delimiter).filter(Boolean), ...cacheDirectories(env)]) {
    const etcdctl = path.join(each, 'etcdctl');
    if (await isExecutable(etcdctl)) return etcdctl;
  }
  return undefined;
}

async function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(etcd) {
  try {
    const { stdout } = await run(etcd, ['--version'], { timeout: 10_000 });
    return /etcd Version: (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function oneLine(error) {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  // No await at the top of this file: what has one cannot be loaded by require(), so a test runner that loads its files so would load this one, and
  // all that a test has in common with it, a second time as a module.
  provideEtcd().then(
    ({ etcd, version }) => {
      console.log(`etcd ${version} (${etcd})`);
    },
    (error) => {
      console.error(oneLine(error));
      process.exitCode = 1;
    },
  );
}
