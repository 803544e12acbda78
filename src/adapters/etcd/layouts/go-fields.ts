import { RollcallError } from '../../../core/errors.js';
import { quote } from '../../../core/quote.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A value as the JSON object that it must be.
 * @throws RollcallError INVALID_INSTANCE
 */
export function parseJsonObject(value: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (cause) {
    throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} is not JSON`, { cause });
  }
  if (!isJsonObject(parsed)) throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} is not a JSON object`);
  return parsed;
}

/** As `parseJsonObject`, and `undefined` where that throws: for `recognises`. */
export function tryJsonObject(value: string): JsonObject | undefined {
  // Most values that are none are told by their first character.
  if (!/^\s*\{/.test(value)) return undefined;
  try {
    return parseJsonObject(value);
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A field of a Go struct: Go takes `addr` and `ADDR` for `Addr` as well, and of several the last one (of several with the very
 * same name `JSON.parse` knows one only, where the first stood) (https://pkg.go.dev/encoding/json#Unmarshal). `undefined` where it is missing; so is `null`, which leaves a Go field as it was.
 */
export function goField(object: JsonObject, name: string): unknown {
  let found: unknown;
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(object)) if (key.toLowerCase() === wanted && value !== null) found = value;
  return found;
}

/**
 * A field that must be text if it is there.
 * @throws RollcallError INVALID_INSTANCE
 */
export function goText(object: JsonObject, name: string): string | undefined {
  const value = goField(object, name);
  if (value === undefined || typeof value === 'string') return value;
  throw new RollcallError('INVALID_INSTANCE', `${name} ${quote(value)} is not a string`);
}
