import { expect } from 'chai';

import { createInstance } from '../../../src/core/instance.js';
import { endpointOf, sameConnection } from '../../../src/grpc/endpoint.js';

const instance = createInstance({ service: 'svc', id: 'a', address: '10.0.0.1:80' });

describe('the endpoint of an instance', () => {
  it('is the same object each time', () => {
    expect(endpointOf(instance)).to.equal(endpointOf(instance, { share: 1 }));
    expect(endpointOf(instance)).to.deep.equal({ addresses: [{ host: '10.0.0.1', port: 80 }], instance, share: 1 });
  });

  it('is one object for each server name', () => {
    const named = endpointOf(instance, { serverName: 'a.example' });
    expect(endpointOf(instance, { serverName: 'b.example' })).not.to.equal(named);
    expect(endpointOf(instance, { serverName: 'a.example' })).to.equal(named).and.include({ serverName: 'a.example', share: 1 });
    expect(endpointOf(instance)).not.to.equal(named);
  });

  it('is a new object with a share, of the same addresses', () => {
    const part = endpointOf(instance, { share: 0.5 });
    expect(part.share).to.equal(0.5);
    expect(part.addresses).to.equal(endpointOf(instance).addresses);
    expect(sameConnection(part, endpointOf(instance))).to.equal(true);
  });

  it('means another connection with another address among several, another order, path or server name', () => {
    const [a, b] = [{ host: 'a', port: 1 }, { path: '/b' }];
    expect(sameConnection({ addresses: [a, b] }, { addresses: [{ ...a }, { ...b }] })).to.equal(true);
    for (const addresses of [[a], [b, a], [a, { path: '/c' }], [{ host: 'a', port: 2 }, b], [{ host: 'c', port: 1 }, b], [a, a], [b, b]]) {
      expect(sameConnection({ addresses: [a, b] }, { addresses })).to.equal(false);
    }
    expect(sameConnection(endpointOf(instance), endpointOf(instance, { serverName: 'x' }))).to.equal(false);
  });
});
