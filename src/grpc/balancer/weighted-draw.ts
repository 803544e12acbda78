import { partsOf } from './pace.js';

/** Where an item is in its draw; -1 while it is in none. Kept by the draw. */
export interface DrawItem {
  slot: number;
  /** Its weight when it was put in. */
  parts: number;
}

/** Draws items by chance in proportion to their weights: a Fenwick tree of the weights, so every operation is O(log n). */
export class WeightedDraw<T extends DrawItem> {
  readonly #items: T[] = [];
  /** Sums of parts, from index 1; whole numbers, so that nothing is lost by adding and taking away. */
  readonly #sums: number[] = [0];
  #total = 0;

  get size(): number {
    return this.#items.length;
  }

  add(item: T, weight: number): void {
    item.slot = this.#items.push(item) - 1;
    item.parts = partsOf(weight);
    this.#total += item.parts;
    // The new node's sum: its own parts, and those of the nodes that it spans.
    const at = this.#items.length;
    let sum = item.parts;
    for (let span = 1; span < (at & -at); span *= 2) sum += this.#sums[at - span] as number;
    this.#sums.push(sum);
  }

  delete(item: T): void {
    const last = this.#items.at(-1) as T;
    const parts = last.parts;
    this.#change(this.#items.length - 1, -parts);
    this.#items.pop();
    this.#sums.pop();
    if (last !== item) {
      // The last one takes the free place.
      this.#change(item.slot, parts - item.parts);
      this.#items[item.slot] = last;
      last.slot = item.slot;
    }
    item.slot = -1;
  }

  reweigh(item: T, weight: number): void {
    const parts = partsOf(weight);
    this.#change(item.slot, parts - item.parts);
    item.parts = parts;
  }

  /** @param chance from 0 up to but not including 1 */
  draw(chance: number): T | undefined {
    const sums = this.#sums;
    let left = Math.floor(chance * this.#total);
    let at = 0;
    for (let span = 2 ** 31 >>> Math.clz32(sums.length); span > 0; span >>>= 1) {
      if (at + span >= sums.length) continue;
      const sum = sums[at + span] as number;
      if (sum > left) continue;
      at += span;
      left -= sum;
    }
    return this.#items[at];
  }

  #change(slot: number, by: number): void {
    this.#total += by;
    for (let at = slot + 1; at < this.#sums.length; at += at & -at) this.#sums[at] = (this.#sums[at] as number) + by;
  }
}
