/** One for all copies of the package in this process: one copy may read what another one's adapter noted. */
export function shared<T>(name: symbol, make: () => T): T {
  const global = globalThis as Record<symbol, unknown>;
  global[name] ??= make();
  return global[name] as T;
}
