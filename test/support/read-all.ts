/** Everything a sequence gives until it ends. */
export async function readAll<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of sequence) all.push(each);
  return all;
}
