import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('a run of the tests', () => {
  it('fails when a test leaves a handle open, though every test passed', async function () {
    this.timeout(60_000);
    const { code, stdout, stderr } = await mocha('test/support/fixtures/leaves-a-timer.ts');
    expect(stdout).to.match(/1 passing/);
    expect(stderr).to.match(/something keeps the process alive: .*Timeout/);
    expect(code).to.equal(1);
  });
});

function mocha(spec: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const args = ['--import=tsx', 'node_modules/mocha/lib/cli/cli.js', '--no-config', '--require=./test/support/setup.ts', spec];
  // The coverage of this child would be that of nothing.
  const env = { ...process.env, ROLLCALL_TEST_GRACE: '200', NODE_V8_COVERAGE: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env, timeout: 50_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}
