import { expect } from 'chai';

import { type ErrorCode, RollcallError } from '../../src/core/errors.js';

/** The RollcallError of that code that the promise, or the function, fails with. */
export async function expectRejection(work: Promise<unknown> | (() => unknown), code: ErrorCode, message?: RegExp): Promise<RollcallError> {
  let result: unknown;
  try {
    result = await (typeof work === 'function' ? work() : work);
  } catch (error) {
    expect(error).to.be.instanceOf(RollcallError);
    const ours = error as RollcallError;
    expect(ours.code, ours.message).to.equal(code);
    if (message !== undefined) expect(ours.message).to.match(message);
    return ours;
  }
  throw new Error(`expected a failure with ${code}, got ${String(result)}`);
}

/** As `expectRejection`, for what throws at once. */
export function expectThrow(work: () => unknown, code: ErrorCode, message?: RegExp): RollcallError {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(RollcallError);
    const ours = error as RollcallError;
    expect(ours.code, ours.message).to.equal(code);
    if (message !== undefined) expect(ours.message).to.match(message);
    return ours;
  }
  throw new Error(`expected a failure with ${code}`);
}
