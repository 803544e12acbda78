import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

async function outputOf(name: string): Promise<string[]> {
  const script = fileURLToPath(new URL(`../../examples/clients/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { timeout: 20_000 });
  return stdout.trim().split('\n');
}

describe('the example of', function () {
  this.timeout(30_000);

  it('ts-proto calls and is answered', async () => {
    expect(await outputOf('ts-proto')).to.deep.equal(["{ code: 200, value: 'hello ts-proto' }"]);
  });

  it('nice-grpc calls and is answered', async () => {
    expect(await outputOf('nice-grpc')).to.deep.equal(["{ code: 200, value: 'hello nice-grpc' }"]);
  });

  it('protobuf-ts calls and is answered', async () => {
    expect(await outputOf('protobuf-ts')).to.deep.equal(['receive: protobuf-ts', 'hello protobuf-ts']);
  });

  it('interceptors calls, is read on the other side, and is answered', async () => {
    expect(await outputOf('interceptors')).to.deep.equal(['request-id: r-1', 'receive: an intercepted call', "{ code: 200, value: 'hello an intercepted call' }"]);
  });
});
