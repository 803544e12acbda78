import { RollcallError } from '../../../core/errors.js';
import { maxWeight } from '../../../core/instance.js';

/**
 * Rollcall's weight for a framework's, so that the default weights of both mean the same share of calls.
 * @param scale what one of the framework's weight is in rollcall's
 * @throws RollcallError INVALID_INSTANCE for one that is too large or negative
 */
export function fromScale(weight: number, scale: number): number {
  if (weight >= 0 && weight * scale <= maxWeight) return weight * scale;
  throw new RollcallError('INVALID_INSTANCE', `weight ${weight} is not from 0 to ${Math.floor(maxWeight / scale)}, which is what can be read where ${100 / scale} is the default`);
}

/**
 * The framework's weight for rollcall's.
 * @throws RollcallError INVALID_INSTANCE for one that would have to be rounded
 */
export function toScale(weight: number, scale: number): number {
  if (weight % scale === 0) return weight / scale;
  throw new RollcallError('INVALID_INSTANCE', `weight ${weight} is not a multiple of ${scale}, and this layout counts in steps of ${scale}`);
}
