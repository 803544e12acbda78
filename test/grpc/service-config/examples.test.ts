import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { root } from '../../docs/pages.js';

async function outputOf(name: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `examples/${name}.ts`], { cwd: root, env: { ...process.env, ROLLCALL_REGISTRY: 'memory:' } });
  return stdout.trim().split('\n');
}

describe('the example of service configs', function () {
  this.timeout(20_000);

  it('does what it says', async () => {
    expect(await outputOf('service-config')).to.deep.equal([
      'receive: with the published config',
      "{ code: 200, value: 'hello with the published config' } 2 attempts",
      'Error: 14 UNAVAILABLE: attempt 3 came to nothing',
      'RollcallError: option "serviceConfig" of registerResolver: methodConfig[0].retryPolicy.maxAttempts 1 is not a whole number from 2 to 5',
      'receive: hedged',
      "{ code: 200, value: 'hello hedged' }",
    ]);
  });
});

describe('the example for those who come from grpc-go', function () {
  this.timeout(20_000);

  it('does what it says', async () => {
    expect(await outputOf('from-grpc-go')).to.deep.equal([
      'UNAVAILABLE no instances of "simple_grpc" are registered (revision 1)',
      'receive: patient',
      "{ code: 200, value: 'hello patient' }",
      'active 10.0.0.1:8000',
      'live 1 orders',
      'READY',
    ]);
  });
});
