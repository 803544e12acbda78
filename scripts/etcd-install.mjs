/** The two ways to get an etcd for the tests: Debian's packages, or an official release. Both only write into one directory. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The release and its SHA-256 sums, as the file SHA256SUMS of the release has them. They are pinned here, so neither the
 * server nor a mirror can hand us anything else.
 */
export const release = {
  version: '3.5.21',
  sums: {
    'linux-amd64': 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c',
    'linux-arm64': '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f',
  },
};

const releases = 'https://github.com/etcd-io/etcd/releases/download';
const packages = ['etcd-server', 'etcd-client'];

/**
 * Takes the binaries out of the packages without installing them: the package etcd-server would start a service that
 * occupies port 2379. apt checks the signatures all the same.
 */
export async function installDebianPackage(directory) {
  await run('apt-get', ['--version']).catch(() => {
    throw new Error('no apt-get here');
  });
  await intoDirectory(directory, async (scratch) => {
    const download = () => run('apt-get', ['download', ...packages], { cwd: scratch, timeout: 180_000 });
    try {
      await download();
    } catch (error) {
      // A fresh machine has no package lists, an old one lists packages that are gone; only root may fetch new ones.
      if (process.getuid?.() !== 0) throw error;
      await run('apt-get', ['update'], { timeout: 180_000 });
      await download();
    }
    for (const file of (await readdir(scratch)).filter((each) => each.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', file, 'unpacked'], { cwd: scratch });
    }
    return path.join(scratch, 'unpacked', 'usr', 'bin');
  });
}

/**
 * Downloads the pinned release and checks it against the sum above before anything in it is unpacked.
 * @param wanted another release and its sums, for tests
 */
export async function installRelease(directory, env = process.env, wanted = release) {
  const platform = `${process.platform}-${{ x64: 'amd64', arm64: 'arm64' }[process.arch] ?? process.arch}`;
  const sum = wanted.sums[platform];
  if (sum === undefined) throw new Error(`no etcd release with a known checksum for ${platform}`);
  const name = `etcd-v${wanted.version}-${platform}`;
  const url = `${env.ROLLCALL_ETCD_DOWNLOAD || releases}/v${wanted.version}/${name}.tar.gz`;
  const archive = await download(url);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== sum) throw new Error(`${url} has the SHA-256 sum ${actual}, not ${sum}; refused`);
  await intoDirectory(directory, async (scratch) => {
    await writeFile(path.join(scratch, 'etcd.tar.gz'), archive);
    await run('tar', ['-xzf', 'etcd.tar.gz'], { cwd: scratch });
    return path.join(scratch, name);
  });
}

async function download(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(180_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`cannot download ${url}: ${error.cause?.code ?? error.cause?.message ?? error.message}`);
  }
}

/** Moves `etcd` and `etcdctl` from where `unpack` put them into the directory, each at once: another run may look meanwhile. */
async function intoDirectory(directory, unpack) {
  await mkdir(directory, { recursive: true });
  const scratch = await mkdtemp(path.join(directory, '.install-'));
  try {
    const bin = await unpack(scratch);
    // etcd last: whoever finds it finds etcdctl beside it.
    for (const name of ['etcdctl', 'etcd']) {
      await access(path.join(bin, name));
      await chmod(path.join(bin, name), 0o755);
      await rename(path.join(bin, name), path.join(directory, name));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
