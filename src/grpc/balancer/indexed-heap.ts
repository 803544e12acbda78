/** Where an item is in the heap that holds it; -1 while none does. Kept by the heap. */
export interface HeapItem {
  heapIndex: number;
}

/** A binary heap whose items know their place, so that any of them can be taken out: O(log n). An item is in one heap at a time. */
export class IndexedHeap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** @param before a strict order; it must not change for an item inside */
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

  push(item: T): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  delete(item: T): void {
    const at = item.heapIndex;
    const last = this.#items.pop() as T;
    item.heapIndex = -1;
    if (last === item) return;
    this.#down(last, at);
    if (last.heapIndex === at) this.#up(last, at);
  }

  #up(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = this.#items[above] as T;
      if (!this.#before(item, parent)) break;
      this.#place(parent, at);
      at = above;
    }
    this.#place(item, at);
  }

  #down(item: T, from: number): void {
    const { length } = this.#items;
    let at = from;
    for (let below = 2 * at + 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && this.#before(this.#items[below + 1] as T, this.#items[below] as T)) below++;
      const child = this.#items[below] as T;
      if (!this.#before(child, item)) break;
      this.#place(child, at);
      at = below;
    }
    this.#place(item, at);
  }

  #place(item: T, at: number): void {
    this.#items[at] = item;
    item.heapIndex = at;
  }
}
