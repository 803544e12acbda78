import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

describe('the tracing of grpc-js', () => {
  it('can print everything that the bridge hands to it', async function () {
    this.timeout(20_000);
    const script = fileURLToPath(new URL('support/traced-call.ts', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
      env: { ...process.env, GRPC_TRACE: 'all', GRPC_VERBOSITY: 'DEBUG' },
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stdout.trim().split('\n')).to.deep.equal(['answered by traced', 'answered by traced']);
    expect(stderr).to.contain('roll:///svc');
  });
});
