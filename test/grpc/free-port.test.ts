import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { expect } from 'chai';
import sinon from 'sinon';

import { parseBindAddress } from '../../src/grpc/bind-address.js';
import { assertPortFree } from '../../src/grpc/free-port.js';

describe('a port to serve at', () => {
  afterEach(() => {
    sinon.restore();
  });

  /** `localhost` as most machines have it; those of CI may know one address only. */
  function bothFamilies(): void {
    sinon.stub(dns.promises, 'lookup').resolves([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ] as never);
  }

  for (const taken of ['127.0.0.1', '::1']) {
    it(`is not free while somebody else holds it at ${taken}, one of the host’s addresses`, async () => {
      const stranger = createServer().listen({ host: taken, port: 0 });
      await once(stranger, 'listening');
      const { port } = stranger.address() as AddressInfo;
      bothFamilies();
      const bind = `localhost:${port}`;
      const error: unknown = await assertPortFree(bind, parseBindAddress(bind)).catch((cause: unknown) => cause);
      stranger.close();
      expect(error).to.include({ code: 'BIND_FAILED' });
      expect((error as Error).message).to.include(`"${bind}"`).and.to.match(/EADDRINUSE/);
    });
  }

  it('is not free while somebody else holds it at the very address', async () => {
    const stranger = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(stranger, 'listening');
    const bind = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    const error: unknown = await assertPortFree(bind, parseBindAddress(bind)).catch((cause: unknown) => cause);
    stranger.close();
    expect((error as Error).message).to.match(/the port is in use/);
  });

  it('is free when nobody holds it, and is left free', async () => {
    const stranger = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    stranger.close();
    await once(stranger, 'close');
    bothFamilies();
    const bind = `localhost:${port}`;
    await assertPortFree(bind, parseBindAddress(bind));
    await assertPortFree(bind, parseBindAddress(bind));
  });

  it('is the bind’s own business for unix sockets, port 0 and names that cannot be looked up', async () => {
    const lookup = sinon.stub(dns.promises, 'lookup').rejects(new Error('ENOTFOUND'));
    for (const bind of ['unix:/x', 'localhost:0', 'nowhere.invalid:80']) await assertPortFree(bind, parseBindAddress(bind));
    expect(lookup.callCount).to.equal(1);
  });
});
