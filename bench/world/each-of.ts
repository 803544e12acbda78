/** Runs over all, so many at a time. */
export async function eachOf<T>(all: readonly T[], inFlight: number, act: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) await act(all[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, all.length) }, worker));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
