import type { ServiceDefinition } from '@grpc/grpc-js';
import { expect } from 'chai';
import { service } from 'grpc-health-check';

import { decodeHealthCheckResponse, encodeHealthCheckRequest } from '../../../src/grpc/health/health-messages.js';

const watch = (service as unknown as ServiceDefinition).Watch;

describe('the messages of grpc.health.v1', () => {
  // grpc-health-check reads the real proto file, so its bytes are what servers send and expect.
  for (const name of ['', 'orders', 'Straßenbahn', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(20_000)]) {
    it(`asks for ${name.length > 20 ? `a name of ${name.length} characters` : JSON.stringify(name)} as others do`, () => {
      expect(encodeHealthCheckRequest(name)).to.deep.equal(watch?.requestSerialize({ service: name }));
      expect(watch?.requestDeserialize(encodeHealthCheckRequest(name))).to.deep.equal({ service: name });
    });
  }

  for (const status of ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']) {
    it(`reads ${status}`, () => {
      expect(decodeHealthCheckResponse(watch?.responseSerialize({ status }) ?? Buffer.of())).to.equal(status);
    });
  }

  it('passes over fields of every kind that it does not know', () => {
    const unknown = [0x10, 0x96, 0x01, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x22, 2, 0x08, 0x02, 0x2d, 1, 2, 3, 4];
    expect(decodeHealthCheckResponse(Buffer.from([...unknown, 0x08, 0x01, ...unknown]))).to.equal('SERVING');
  });

  it('takes a status of a later version for unknown', () => {
    expect(decodeHealthCheckResponse(Buffer.of(0x08, 0x63))).to.equal('UNKNOWN');
  });

  for (const [what, bytes] of [
    ['a cut number', [0x08, 0x81]],
    ['a cut text', [0x12, 0x05, 0x41]],
    ['a group', [0x0b]],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => decodeHealthCheckResponse(Buffer.from(bytes))).to.throw(/health check response/);
    });
  }
});
