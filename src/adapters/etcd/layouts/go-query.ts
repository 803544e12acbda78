import { RollcallError } from '../../../core/errors.js';
import { quote } from '../../../core/quote.js';

/**
 * Text as Go's `url.QueryEscape` writes it (https://pkg.go.dev/net/url#QueryEscape): a space is `+`, and of what is no letter or digit only
 * `-`, `_`, `.` and `~` stay, where `encodeURIComponent` leaves `!'()*` as well.
 */
export function goQueryEscape(text: string): string {
  return encodeURIComponent(text).replace(/%20|[!'()*]/g, (each) => (each === '%20' ? '+' : `%${each.charCodeAt(0).toString(16).toUpperCase()}`));
}

/** A query as Go's `url.Values.Encode` writes it, sorted by key. */
export function goQuery(values: ReadonlyMap<string, string>): string {
  return [...values]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, value]) => `${goQueryEscape(key)}=${goQueryEscape(value)}`)
    .join('&');
}

/**
 * Reads a query by the rules of Go's `url.ParseQuery` (https://pkg.go.dev/net/url#ParseQuery); of several values of a key the first, as `Values.Get` does.
 * @throws RollcallError INVALID_INSTANCE for an escape that is none, a semicolon, or bytes that are not UTF-8
 */
export function parseGoQuery(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) throw new RollcallError('INVALID_INSTANCE', `query ${quote(pair)} holds a semicolon`);
    const equals = pair.indexOf('=');
    const key = unescape(equals < 0 ? pair : pair.slice(0, equals));
    const value = unescape(equals < 0 ? '' : pair.slice(equals + 1));
    if (!values.has(key)) values.set(key, value);
  }
  return values;
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new RollcallError('INVALID_INSTANCE', `query ${quote(text)} has an escape that is none, or is not UTF-8`, { cause });
  }
}
