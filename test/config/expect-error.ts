import { expect } from 'chai';

import { type ErrorCode, RollcallError } from '../../src/core/errors.js';

/** The RollcallError that the work fails with; fails the test if it succeeds, or fails otherwise. */
export async function failure(work: () => unknown, code: ErrorCode): Promise<RollcallError> {
  try {
    await work();
  } catch (error) {
    expect(error).to.be.instanceOf(RollcallError);
    expect((error as RollcallError).code, (error as RollcallError).message).to.equal(code);
    return error as RollcallError;
  }
  throw new Error(`expected ${code}, but nothing failed`);
}
