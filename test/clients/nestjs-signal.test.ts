import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect } from 'chai';

import { SimpleCaller, SimpleClientModule } from '../../examples/nestjs/simple-client.js';
import { poll } from '../support/poll.js';
import { ownPrefix, sharedEtcd } from '../support/shared-etcd.js';
import { callInLoops } from './support/closed-loops.js';

describe('a NestJS server in a process of its own', function () {
  this.timeout(30_000);

  before(() => {
    Logger.overrideLogger(false);
  });

  after(() => {
    Logger.overrideLogger(true);
  });

  it('leaves without a failed call when it is sent SIGTERM', async () => {
    const registry = (await sharedEtcd()).url({ prefix: ownPrefix() });
    const servers = [await spawnServer(registry), await spawnServer(registry)];
    const app = await NestFactory.createApplicationContext(SimpleClientModule.forRoot(registry));
    const simple = app.get(SimpleCaller);
    const loops = callInLoops(() => simple.call('x'), 5);
    try {
      await poll('calls are answered', () => loops.answers.length > 50);
      servers[0]!.kill('SIGTERM');
      expect(await once(servers[0]!, 'exit')).to.deep.equal([null, 'SIGTERM']);
      const answeredBefore = loops.answers.length;
      await poll('calls go on', () => loops.answers.length > answeredBefore + 50);
    } finally {
      const failures = await loops.stop();
      for (const server of servers) server.kill('SIGKILL');
      await app.close();
      expect(failures).to.deep.equal([]);
    }
  });
});

/** examples/nestjs/server.ts as it stands, once it says that it serves. */
async function spawnServer(registry: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../../examples/nestjs/server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { env: { ...process.env, ROLLCALL_REGISTRY: registry }, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  for await (const chunk of child.stdout) if (String(chunk).includes('serving simple_grpc')) break;
  return child;
}
