import { RollcallError } from '../../../core/errors.js';
import { quote } from '../../../core/quote.js';
import { goField, isJsonObject, type JsonObject } from './go-fields.js';

/**
 * A field that must be a whole number if it is there, as Go reads no other into an `int`.
 * @throws RollcallError INVALID_INSTANCE
 */
export function goInteger(object: JsonObject, name: string): number | undefined {
  const value = goField(object, name);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
  throw new RollcallError('INVALID_INSTANCE', `${name} ${quote(value)} is not a whole number`);
}

/**
 * A field that must be a `map[string]string` if it is there; empty where it is missing. An entry that is `null` is as missing.
 * @throws RollcallError INVALID_INSTANCE
 */
export function goStringMap(object: JsonObject, name: string): Readonly<Record<string, string>> {
  const value = goField(object, name) ?? {};
  if (!isJsonObject(value)) throw new RollcallError('INVALID_INSTANCE', `${name} ${quote(value)} is not an object of strings`);
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  for (const [key, item] of entries) {
    if (typeof item !== 'string') throw new RollcallError('INVALID_INSTANCE', `${name} ${quote(key)} is ${quote(item)}, not a string`);
  }
  // Unlike an assignment, this makes an own property of `__proto__`, which the check of the instance then finds.
  return Object.fromEntries(entries) as Record<string, string>;
}
