/** Where an item is in the heap that holds it; -1 while none does. Kept by the heap. */
export interface HeapItem {
  heapIndex: number;
}

/**
 * A binary heap, least key first, whose items know their place, so that any of them can be taken out: O(log n). An item is in one heap at a time.
 * The keys lie side by side, apart from the items: a comparison looks at no item but where keys are equal.
 */
export class KeyedHeap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #keys: number[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** @param before a strict order of items with equal keys; it must not change for an item inside */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#items[item.heapIndex] === item;
  }

  push(item: T, key: number): void {
    this.#items.push(item);
    this.#keys.push(key);
    this.#up(item, key, this.#items.length - 1);
  }

  delete(item: T): void {
    const at = item.heapIndex;
    const last = this.#items.pop() as T;
    const key = this.#keys.pop() as number;
    item.heapIndex = -1;
    if (last !== item) this.#settle(last, key, at);
  }

  /** Its key, or what its place among equal ones depends on, became another. */
  rekey(item: T, key: number): void {
    this.#settle(item, key, item.heapIndex);
  }

  #settle(item: T, key: number, at: number): void {
    this.#down(item, key, at);
    if (item.heapIndex === at) this.#up(item, key, at);
  }

  #up(item: T, key: number, from: number): void {
    const [items, keys] = [this.#items, this.#keys];
    let at = from;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = keys[above] as number;
      if (key === parent ? !this.#before(item, items[above] as T) : key > parent) break;
      this.#place(items[above] as T, parent, at);
      at = above;
    }
    this.#place(item, key, at);
  }

  #down(item: T, key: number, from: number): void {
    const [items, keys] = [this.#items, this.#keys];
    const { length } = items;
    let at = from;
    for (let below = 2 * at + 1; below < length; below = 2 * at + 1) {
      let least = keys[below] as number;
      if (below + 1 < length) {
        const right = keys[below + 1] as number;
        if (right === least ? this.#before(items[below + 1] as T, items[below] as T) : right < least) {
          below++;
          least = right;
        }
      }
      if (key === least ? !this.#before(items[below] as T, item) : key < least) break;
      this.#place(items[below] as T, least, at);
      at = below;
    }
    this.#place(item, key, at);
  }

  #place(item: T, key: number, at: number): void {
    this.#items[at] = item;
    this.#keys[at] = key;
    item.heapIndex = at;
  }
}
