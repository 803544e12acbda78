const shown = 80;

/**
 * A value from outside, safe to put into a message: quoted, control characters escaped (a log line stays one line),
 * cut where it grows long.
 */
export function quote(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = value.length > shown ? `${value.slice(0, shown)}…` : value;
      // JSON leaves DEL and the C1 controls as they are; a terminal would obey them.
      return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    }
    case 'number':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}
