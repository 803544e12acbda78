import { ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import { connectMemory } from '../../src/adapters/memory/index.js';
import { registerResolver } from '../../src/grpc/register-resolver.js';
import { serve, type ServingHandle } from '../../src/grpc/serve.js';
import { call, simpleClient, simpleServer } from './support/simple-service.js';

describe('calls while servers are paused, resumed and stopped', () => {
  it('none of them fails, and one that is paused or stopped gets none', async function () {
    this.timeout(15_000);
    const backend = connectMemory();
    const resolver = registerResolver({ scheme: 'pausing', discovery: backend.discovery });
    const client = simpleClient(resolver.target('svc'), resolver.channelOptions());
    const start = (name: string): Promise<ServingHandle> =>
      serve(simpleServer(name), { registry: backend.registry, service: 'svc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0.1 });
    const a = await start('a');
    const b = await start('b');

    let running = true;
    const failures: unknown[] = [];
    let answers: string[] = [];
    const loops = Array.from({ length: 8 }, async () => {
      while (running) await call(client).then((name) => answers.push(name), (error: unknown) => failures.push(error));
    });
    const next = async (count: number): Promise<string> => {
      answers = [];
      while (answers.length < count && failures.length === 0) await new Promise(setImmediate);
      return [...new Set(answers)].sort().join();
    };

    expect(await next(50)).to.equal('a,b');
    for (let round = 0; round < 3; round++) {
      await a.pause();
      // What was under way when it was paused may still answer.
      await next(50);
      expect(await next(50)).to.equal('b');
      await a.resume();
      await next(50);
      expect(await next(50)).to.equal('a,b');
    }
    await a.stop();
    expect(await next(50)).to.equal('b');
    const again = await start('c');
    await next(50);
    expect(await next(50)).to.equal('b,c');
    await b.stop();
    expect(await next(50)).to.equal('c');

    running = false;
    await Promise.all(loops);
    expect(failures).to.deep.equal([]);
    client.close();
    await again.stop();
    resolver.close();
    await backend.close();
  });
});
