import { ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import { connectMemory } from '../../../src/adapters/memory/index.js';
import { registerResolver } from '../../../src/grpc/register-resolver.js';
import { serve, type ServingHandle } from '../../../src/grpc/serve.js';
import { poll } from '../../support/poll.js';
import { call, callMany, failure, simpleClient, simpleServer } from '../support/simple-service.js';

describe('servers of ours and clients that check health', () => {
  it('agree: an instance that is not serving a service gets no calls of it, and no call fails meanwhile', async () => {
    const backend = connectMemory();
    const resolver = registerResolver({ scheme: 'checked', discovery: backend.discovery, healthCheck: 'Simple' });
    const client = simpleClient(resolver.target('svc'), resolver.channelOptions());
    const start = (name: string): Promise<ServingHandle> =>
      serve(simpleServer(name), { registry: backend.registry, service: 'svc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0.1, grace: 60 });
    const a = await start('a');
    const b = await start('b');
    const answering = (names: string): Promise<unknown> => poll(names, async () => [...new Set(await callMany(client, 6))].sort().join() === names);

    expect(await call(client), 'the very first call').to.be.oneOf(['a', 'b']);
    await answering('a,b');
    a.health?.setStatus('Simple', 'NOT_SERVING');
    await answering('b');
    expect(a.state, 'of one service only').to.equal('serving');
    b.health?.setStatus('Simple', 'NOT_SERVING');
    const refused = await poll('nobody to call', async () => (await failure(client)).details);
    expect(refused).to.contain('unhealthy').and.to.contain('service "Simple" is NOT_SERVING');
    a.health?.setStatus('Simple', 'SERVING');
    await poll('one again', () => call(client));
    await answering('a');
    await b.stop();
    await answering('a');
    await a.stop();
    client.close();
    resolver.close();
    await backend.close();
  });
});
