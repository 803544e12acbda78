/**
 * Runs the tests against real Go peers, test/interop: installs Debian's Go, grpc-go and etcd client where they are missing, builds the
 * program test/interop/peer out of these packages alone, and starts mocha. Arguments are passed on: npm run test:interop -- --grep Kratos.
 *
 * Nothing is fetched from anywhere but Debian: the etcd client's package there has etcd's own naming packages for grpc-go.
 */
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = path.join(root, '.cache', 'interop');

/** Where Debian's packages put the sources of Go libraries. */
const debianSources = '/usr/share/gocode';
const packages = ['golang-go', 'golang-google-grpc-dev', 'golang-etcd-server-dev', 'golang-goprotobuf-dev', 'protobuf-compiler'];
const commands = [
  ['go', 'version'],
  ['protoc', '--version'],
];
const sources = ['go.etcd.io/etcd/clientv3/naming/resolver', 'google.golang.org/grpc', 'github.com/golang/protobuf/proto'];

/** What of it is not on this machine. */
async function missing() {
  const absent = [];
  for (const [command, argument] of commands) await run(command, [argument]).catch(() => absent.push(command));
  await run('sh', ['-c', 'command -v protoc-gen-go']).catch(() => absent.push('protoc-gen-go'));
  for (const source of sources) await access(path.join(debianSources, 'src', source)).catch(() => absent.push(`${debianSources}/src/${source}`));
  return absent;
}

async function provide() {
  if ((await missing()).length === 0) return;
  let tried = 'only root can install Debian packages';
  if (process.getuid?.() === 0) tried = await installDebianPackages().catch(oneLine);
  const absent = await missing();
  if (absent.length === 0) return;
  throw new Error(`no ${absent.join(', ')} here: install the packages of Debian 12, apt-get install --no-install-recommends ${packages.join(' ')} (tried: ${tried ?? 'installing them'})`);
}

async function installDebianPackages() {
  await run('apt-get', ['--version']).catch(() => {
    throw new Error('no apt-get here');
  });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env, timeout: 600_000, maxBuffer: 64 << 20 });
  try {
    await install();
  } catch {
    // A fresh machine has no package lists, an old one lists packages that are gone.
    await run('apt-get', ['update'], { env, timeout: 180_000 });
    await install();
  }
}

/** Compiles proto/simple.proto with Debian's plug-in for Go, and the peer. Takes seconds: Go keeps what it compiled before. */
async function build() {
  const workspace = path.join(cache, 'go');
  const generated = path.join(workspace, 'src', 'rollcall', 'simple');
  await mkdir(generated, { recursive: true });
  await run('protoc', ['-I', 'proto', `--go_out=plugins=grpc,import_path=simple:${generated}`, 'proto/simple.proto'], { cwd: root });
  const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: [workspace, debianSources].join(path.delimiter), GOCACHE: path.join(cache, 'build') };
  // Under another name first: a peer that another run has started cannot be written to.
  const peer = path.join(cache, `peer-${process.pid}`);
  await run('go', ['build', '-o', peer, './test/interop/peer'], { cwd: root, env, timeout: 600_000 });
  await rename(peer, path.join(cache, 'peer'));
  const { stdout } = await run('go', ['version']);
  console.log(stdout.trim());
}

async function test() {
  const files = (await readdir(path.join(root, 'test', 'interop'))).filter((file) => file.endsWith('.test.ts')).sort();
  const args = ['node_modules/mocha/bin/mocha.js', ...process.argv.slice(2), ...files.map((file) => `test/interop/${file}`)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('close', (status) => resolve(status ?? 1)));
}

function oneLine(error) {
  return (error instanceof Error ? error.stderr || error.message : String(error)).trim().split('\n')[0];
}

try {
  await provide();
} catch (error) {
  console.error(oneLine(error));
  process.exit(1);
}
await build();
process.exitCode = await test();
