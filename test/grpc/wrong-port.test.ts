import { Server, ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import type { Discovery, Registry } from '../../src/core/ports.js';
import { registerResolver } from '../../src/grpc/register-resolver.js';
import { serve } from '../../src/grpc/serve.js';

describe('something else in the place of a port', () => {
  // What a user of plain JavaScript passes.
  for (const [what, wrong] of [
    ['all of what connect() gave', { registry: {}, discovery: {} }],
    ['nothing', undefined],
  ] as const) {
    it(`is refused by serve: ${what}`, async () => {
      const options = { registry: wrong as unknown as Registry, service: 's', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() };
      const error: unknown = await serve(new Server(), options).catch((cause: unknown) => cause);
      expect(error).to.include({ code: 'INVALID_CONFIG' });
      expect((error as Error).message).to.match(/"registry".*connect\(\)/);
    });

    it(`is refused by registerResolver: ${what}`, () => {
      expect(() => registerResolver({ scheme: 'wrong-port', discovery: wrong as unknown as Discovery })).to.throw(/"discovery".*connect\(\)/).with.property('code', 'INVALID_CONFIG');
    });
  }
});
