import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { createCertificates } from '../support/certificates.js';

async function outputOf(name: string, ...args: string[]): Promise<string[]> {
  const script = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args]);
  return stdout.trim().split('\n');
}

describe('the example of options', () => {
  it('calls the one registry and finds nobody in the other', async function () {
    this.timeout(20_000);
    expect(await outputOf('grpc-options')).to.deep.equal([
      'receive: from the live one',
      "{ code: 200, value: 'hello from the live one' }",
      'Error: 14 UNAVAILABLE: no instances of "simple_grpc" are registered (revision 1)',
    ]);
  });
});

describe('the example of choosing', () => {
  it('calls whom the options say, and tells why', async function () {
    this.timeout(20_000);
    const lines = await outputOf('choosing');
    lines[6] = lines[6]!.replace(/until .*/, 'until later');
    expect(lines).to.deep.equal([
      'a 30, b 10',
      'canary 5',
      'b 5',
      '2',
      'true',
      'a 1, b 1, canary 1',
      'holding 3 of 3 instances last known, the backend reports none since revision 5 (onEmpty keep), until later',
      '0 every instance of "orders" has weight 0 (draining)',
      'nobody is called: every instance of "orders" has weight 0 (draining)',
      'c false draining its weight is 0',
    ]);
  });
});

describe('the example of TLS', () => {
  it('accepts the name that it is told to ask for, and by itself asks for the service name', async function () {
    this.timeout(20_000);
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-tls-'));
    try {
      const { ca, server } = await createCertificates(directory);
      const [received, answer, refused] = await outputOf('secure', ca, server.cert, server.key);
      expect([received, answer]).to.deep.equal(['receive: in secret', "{ code: 200, value: 'hello in secret' }"]);
      expect(refused).to.match(/14 UNAVAILABLE: .*simple_grpc. is not in the cert's altnames/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
