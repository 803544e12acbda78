/**
 * A set that is nearly always of one: that one alone costs no table. A process that watches thousands of services has as many of these.
 * Keeps the order of coming.
 */
export class SmallSet<T extends object> {
  #only: T | undefined;
  #all: Set<T> | undefined;

  get size(): number {
    return this.#all?.size ?? (this.#only === undefined ? 0 : 1);
  }

  has(item: T): boolean {
    return this.#all?.has(item) ?? this.#only === item;
  }

  add(item: T): void {
    if (this.#all !== undefined) {
      this.#all.add(item);
    } else if (this.#only === undefined || this.#only === item) {
      this.#only = item;
    } else {
      this.#all = new Set([this.#only, item]);
      this.#only = undefined;
    }
  }

  /** Whether it was there. */
  delete(item: T): boolean {
    if (this.#all !== undefined) return this.#all.delete(item);
    if (this.#only !== item) return false;
    this.#only = undefined;
    return true;
  }

  clear(): void {
    this.#only = undefined;
    this.#all = undefined;
  }

  /** Calls with each that is there at the start and still there when its turn comes: any of them may take away or add others. */
  each(call: (item: T) => void): void {
    if (this.#all === undefined) {
      if (this.#only !== undefined) call(this.#only);
      return;
    }
    for (const item of [...this.#all]) if (this.has(item)) call(item);
  }

  toArray(): readonly T[] {
    if (this.#all !== undefined) return [...this.#all];
    return this.#only === undefined ? [] : [this.#only];
  }
}
