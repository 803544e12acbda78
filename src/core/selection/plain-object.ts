/**
 * The value as an object of options, or `undefined` if it is something else. A Map or a Date has no properties to read, so it would
 * pass for empty; the prototype of another realm's object is not our Object.prototype, but like ours it has none above it.
 */
export function asPlainObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain ? (value as Readonly<Record<string, unknown>>) : undefined;
}
