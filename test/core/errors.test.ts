import { expect } from 'chai';

import { closedError, errorCodes, RollcallError, toRollcallError } from '../../src/core/errors.js';

describe('RollcallError', () => {
  it('carries code, cause and whether trying again may help', () => {
    const cause = new Error('socket gone');
    const error = new RollcallError('UNAVAILABLE', 'no etcd', { cause });
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ name: 'RollcallError', code: 'UNAVAILABLE', message: 'no etcd', cause, retryable: true });
  });

  it('is retryable by code, unless told otherwise', () => {
    const retryable = errorCodes.filter((code) => new RollcallError(code, '').retryable);
    expect(retryable).to.deep.equal(['UNAVAILABLE', 'TIMEOUT', 'RESOURCE_EXHAUSTED']);
    expect(new RollcallError('INTERNAL', '', { retryable: true }).retryable).to.equal(true);
    expect(new RollcallError('TIMEOUT', '', { retryable: false }).retryable).to.equal(false);
  });

  it('has no cause where none was given', () => {
    expect(new RollcallError('CLOSED', 'x')).not.to.have.property('cause');
    expect(new RollcallError('CLOSED', 'x', { cause: undefined })).to.have.property('cause', undefined);
  });

  it('is recognised across two copies of the package', async () => {
    const copy = (await import(`../../src/core/errors.js?copy=${Date.now()}`)) as { RollcallError: typeof RollcallError };
    expect(copy.RollcallError).not.to.equal(RollcallError);
    expect(new copy.RollcallError('CLOSED', 'x')).to.be.instanceOf(RollcallError);
    expect(new RollcallError('CLOSED', 'x')).to.be.instanceOf(copy.RollcallError);
  });

  it('takes nothing else for one of its own', () => {
    for (const value of [new Error('x'), { code: 'CLOSED' }, null, undefined, 'CLOSED', 7]) expect(value instanceof RollcallError).to.equal(false);
  });

  it('lets a subclass ask about itself alone', () => {
    class Special extends RollcallError {}
    expect(new Special('CLOSED', 'x')).to.be.instanceOf(RollcallError).and.instanceOf(Special);
    expect(new RollcallError('CLOSED', 'x')).not.to.be.instanceOf(Special);
  });

  it('goes to a log as code and words, without the cause', () => {
    const error = new RollcallError('TIMEOUT', 'slow', { cause: new Error('password=hunter2') });
    expect(JSON.parse(JSON.stringify(error))).to.deep.equal({ name: 'RollcallError', code: 'TIMEOUT', message: 'slow', retryable: true });
  });
});

describe('toRollcallError', () => {
  it('leaves one of ours as it is', () => {
    const error = closedError('it');
    expect(toRollcallError(error, 'context')).to.equal(error);
  });

  it('makes anything else INTERNAL, with the original as cause', () => {
    const cause = new TypeError('x is not a function');
    expect(toRollcallError(cause, 'listing')).to.include({ code: 'INTERNAL', message: 'listing: x is not a function', cause, retryable: false });
    expect(toRollcallError('thrown text').message).to.equal('thrown text');
    expect(toRollcallError(undefined).message).to.equal('undefined');
  });
});
