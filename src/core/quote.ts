const shown = 80;

/**
 * A value from outside, safe to put into a message: quoted, control characters escaped (a log line stays one line),
 * cut where it grows long.
 */
export function quote(value: unknown): string {
  if (typeof value === 'string') {
    const text = value.length > shown ? `${value.slice(0, shown)}…` : value;
    // JSON leaves DEL and the C1 controls as they are; a terminal would obey them.
    return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
