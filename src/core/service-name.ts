import { RollcallError } from './errors.js';
import { quote } from './quote.js';

/** DNS's limit for a whole name, and more than any proto package needs. */
const maxLength = 253;

/**
 * What may stand in a service name: it becomes one segment of an etcd key, the path of a target
 * (`etcd:///name`, RFC 3986 pchar without percent-encoding) and a word in tables and logs.
 * It starts with a letter, a digit or `_`, so `.` and `..` are no names.
 */
const pattern = /^[A-Za-z0-9_][A-Za-z0-9._~:@+-]*$/;

/**
 * Checks a service name and gives it back.
 * @throws RollcallError INVALID_SERVICE, naming the value and the rule it breaks.
 */
export function parseServiceName(value: unknown): string {
  if (typeof value !== 'string') throw invalid(value, 'is not a string');
  if (value === '') throw invalid(value, 'is empty');
  if (value.length > maxLength) throw invalid(value, `is longer than ${maxLength} characters`);
  if (value.includes('..')) throw invalid(value, 'holds ".."');
  if (!pattern.test(value)) {
    throw invalid(value, 'may hold letters, digits and . _ ~ : @ + - only, and starts with a letter, a digit or _');
  }
  return value;
}

function invalid(value: unknown, rule: string): RollcallError {
  return new RollcallError('INVALID_SERVICE', `service name ${quote(value)} ${rule}`);
}
