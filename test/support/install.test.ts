import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { findEtcd } from '../../scripts/etcd.mjs';
import { installRelease, type Release } from '../../scripts/etcd-install.mjs';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../scripts/etcd.mjs', import.meta.url));
const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

describe('scripts/etcd.mjs', () => {
  let scratch: string;
  let server: Server;
  let mirror: string;
  let archive: Buffer;
  let asked: string[];

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'rollcall-install-'));
    const name = `etcd-v9.9.9-${platform}`;
    await fakeEtcd(path.join(scratch, 'release', name), '9.9.9');
    await run('tar', ['-czf', path.join(scratch, 'fake.tar.gz'), name], { cwd: path.join(scratch, 'release') });
    archive = await readFile(path.join(scratch, 'fake.tar.gz'));
    server = createServer((request, response) => {
      asked.push(request.url!);
      response.end(archive);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    asked = [];
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(scratch, { recursive: true, force: true });
  });

  const releaseWith = (sum: string): Release => ({ version: '9.9.9', sums: { [platform]: sum } });
  const sumOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  it('takes ETCD_BIN before anything else, with the etcdctl beside it', async () => {
    const directory = path.join(scratch, 'chosen');
    await fakeEtcd(directory, '3.5.99');
    const found = await findEtcd({ ETCD_BIN: path.join(directory, 'etcd'), PATH: process.env.PATH });
    expect(found).to.deep.equal({ etcd: path.join(directory, 'etcd'), etcdctl: path.join(directory, 'etcdctl'), version: '3.5.99' });
  });

  it('finds it in PATH', async () => {
    const directory = path.join(scratch, 'on-path');
    await fakeEtcd(directory, '3.5.98');
    expect((await findEtcd({ PATH: `/nowhere:${directory}:/bin` }))?.version).to.equal('3.5.98');
  });

  it('says in one line what is wrong with an ETCD_BIN that does not run', async () => {
    const result = await cli({ ETCD_BIN: '/nowhere/etcd', PATH: process.env.PATH });
    expect(result).to.deep.equal({ code: 1, stdout: '', stderr: 'ETCD_BIN=/nowhere/etcd is not an etcd that runs; correct or unset it\n' });
  });

  it('prints one line with version and path when there is one', async () => {
    const etcd = path.join(scratch, 'chosen', 'etcd');
    await fakeEtcd(path.dirname(etcd), '3.5.99');
    expect(await cli({ ETCD_BIN: etcd, PATH: process.env.PATH })).to.deep.equal({ code: 0, stdout: `etcd 3.5.99 (${etcd})\n`, stderr: '' });
  });

  it('unpacks a release whose checksum is right, and leaves nothing else behind', async () => {
    const directory = path.join(scratch, 'installed');
    await installRelease(directory, { ROLLCALL_ETCD_DOWNLOAD: mirror }, releaseWith(sumOf(archive)));
    expect(asked).to.deep.equal([`/v9.9.9/etcd-v9.9.9-${platform}.tar.gz`]);
    expect((await readdir(directory)).sort()).to.deep.equal(['etcd', 'etcdctl']);
    expect((await findEtcd({ ETCD_BIN: path.join(directory, 'etcd') }))?.version).to.equal('9.9.9');
  });

  it('refuses a release whose checksum is wrong before it unpacks anything', async () => {
    const directory = path.join(scratch, 'refused');
    const refusal = await installRelease(directory, { ROLLCALL_ETCD_DOWNLOAD: mirror }, releaseWith(sumOf(Buffer.from('other')))).catch((error: unknown) => error);
    expect(String(refusal)).to.match(/SHA-256 sum [0-9a-f]{64}, not [0-9a-f]{64}; refused/);
    expect(await readdir(directory).catch(() => 'nothing')).to.equal('nothing');
  });

  it('names the address that it could not download from', async () => {
    const refusal = await installRelease(scratch, { ROLLCALL_ETCD_DOWNLOAD: 'http://127.0.0.1:1' }).catch((error: unknown) => error);
    expect(String(refusal)).to.match(/cannot download http:\/\/127\.0\.0\.1:1\/v\S+: (ECONNREFUSED|bad port)/);
  });
});

async function fakeEtcd(directory: string, version: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of ['etcd', 'etcdctl']) {
    await writeFile(path.join(directory, name), `#!/bin/sh\necho "${name} Version: ${version}"\n`);
    await chmod(path.join(directory, name), 0o755);
  }
}

function cli(env: NodeJS.ProcessEnv): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}
