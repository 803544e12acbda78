/** What Go writes as JSON: an object stands for a struct, its fields in the given order; a `Map` stands for a Go map. */
export type GoValue = string | number | boolean | null | readonly GoValue[] | ReadonlyMap<string, GoValue> | { readonly [field: string]: GoValue };

/**
 * JSON as Go's `encoding/json` writes it: without spaces, a map's keys sorted by their bytes, and `<`, `>`, `&`, U+2028 and U+2029 escaped
 * (https://pkg.go.dev/encoding/json#Marshal). Backspace and form feed are written as Go 1.22 and newer does; every version reads both forms.
 */
export function goJson(value: GoValue): string {
  if (typeof value === 'string') return escaped(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(goJson).join(',')}]`;
  // An object would put keys that look like numbers first, whatever their order.
  const entries = isMap(value) ? [...value].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))) : Object.entries(value);
  return `{${entries.map(([key, item]) => `${goJson(key)}:${goJson(item)}`).join(',')}}`;
}

/** A Go map of strings; `null` for an empty one, as Go writes a map that was never made. */
export function goMap(record: Readonly<Record<string, string>>): ReadonlyMap<string, string> | null {
  const entries = Object.entries(record);
  return entries.length === 0 ? null : new Map(entries);
}

function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isList(value: object): value is readonly GoValue[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<string, GoValue> {
  return value instanceof Map;
}
