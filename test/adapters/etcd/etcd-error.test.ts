import { expect } from 'chai';

import { EtcdError, toEtcdError, watchCancelledError } from '../../../src/adapters/etcd/etcd-error.js';
import { RollcallError } from '../../../src/core/errors.js';

describe('errors of etcd', () => {
  const cases: [message: string, code: string, kind: string, retryable: boolean][] = [
    ['14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED', 'UNAVAILABLE', 'connection', true],
    ['GRPCUnavailableError: 14 UNAVAILABLE: etcdserver: no leader', 'UNAVAILABLE', 'connection', true],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded', 'TIMEOUT', 'connection', true],
    ['5 NOT_FOUND: etcdserver: requested lease not found', 'UNAVAILABLE', 'lease-not-found', true],
    ['9 FAILED_PRECONDITION: etcdserver: lease already exists', 'INTERNAL', 'lease-exists', false],
    ['11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted', 'UNAVAILABLE', 'compacted', true],
    ['16 UNAUTHENTICATED: etcdserver: auth token was refused', 'UNAUTHENTICATED', 'token', true],
    ['3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password', 'UNAUTHENTICATED', 'other', false],
    ['3 INVALID_ARGUMENT: etcdserver: user name is empty', 'UNAUTHENTICATED', 'token', true],
    ['3 INVALID_ARGUMENT: etcdserver: revision of auth store is old', 'UNAUTHENTICATED', 'token', true],
    ['8 RESOURCE_EXHAUSTED: grpc: received message larger than max (2858059 vs. 2097152)', 'RECORD_TOO_LARGE', 'other', false],
    ['7 PERMISSION_DENIED: etcdserver: permission denied', 'PERMISSION_DENIED', 'other', false],
    ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'RESOURCE_EXHAUSTED', 'other', true],
    ['3 INVALID_ARGUMENT: etcdserver: request is too large', 'RECORD_TOO_LARGE', 'other', false],
    ['something else', 'INTERNAL', 'other', false],
  ];
  for (const [message, code, kind, retryable] of cases) {
    it(`"${message}" is ${code}${retryable ? ', worth another try' : ''}`, () => {
      const cause = new Error(message);
      const error = toEtcdError(cause, 'h1:2379');
      expect(error).to.include({ code, kind, retryable });
      expect(error.cause).to.equal(cause);
      expect(error.message).to.match(/^etcd h1:2379: /);
      expect(error).to.be.instanceOf(RollcallError);
    });
  }

  it('an ordinary RollcallError is not taken for one of etcd', () => {
    expect(new RollcallError('CLOSED', 'x') instanceof EtcdError).to.equal(false);
  });

  it('a watch behind a compaction says so, and may be begun again', () => {
    expect(watchCancelledError('', '17', 'h1')).to.include({ kind: 'compacted', retryable: true });
  });

  it('a watch that may not be read says so', () => {
    expect(watchCancelledError('rpc error: code = PermissionDenied desc = etcdserver: permission denied', '0', 'h1')).to.include({ code: 'PERMISSION_DENIED' });
  });
});
