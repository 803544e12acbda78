import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'chai';

const root = new URL('../../', import.meta.url);

describe('an adapter of one’s own in the catalogue', () => {
  it('is reached by its URL, and leaves no record behind', async () => {
    const home = await mkdtemp(join(tmpdir(), 'rollcall-own-'));
    try {
      // A process of its own: the catalogue is the process’s.
      const args = ['--import', 'tsx', 'examples/file-adapter/main.ts', join(home, 'roll')];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 8000 });
      expect(stdout).to.match(/^revision \d+: 127\.0\.0\.1:8000\n$/);
      expect(await readdir(join(home, 'roll', 'simple_grpc'))).to.be.empty;
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
