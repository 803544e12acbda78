/** Where an item is in the queue; -1 while it is not. Kept by the queue. */
export interface IdleItem {
  place: number;
}

const none = -1;

/**
 * Who has nothing to do, the longest idle first; anybody can leave at any time: O(1). A linked list whose links are numbers side by side: who comes or
 * goes touches no other item, each of which is cold memory among thousands.
 */
export class IdleQueue<T extends IdleItem> {
  readonly #items: (T | undefined)[] = [];
  readonly #earlier: number[] = [];
  readonly #later: number[] = [];
  readonly #free: number[] = [];
  #first = none;
  #last = none;

  get first(): T | undefined {
    return this.#first === none ? undefined : this.#items[this.#first];
  }

  push(item: T): void {
    if (item.place !== none) return;
    const place = this.#free.pop() ?? this.#items.length;
    item.place = place;
    this.#items[place] = item;
    this.#earlier[place] = this.#last;
    this.#later[place] = none;
    if (this.#last === none) this.#first = place;
    else this.#later[this.#last] = place;
    this.#last = place;
  }

  delete(item: T): void {
    const { place } = item;
    if (place === none) return;
    const [earlier, later] = [this.#earlier[place] as number, this.#later[place] as number];
    if (earlier === none) this.#first = later;
    else this.#later[earlier] = later;
    if (later === none) this.#last = earlier;
    else this.#earlier[later] = earlier;
    item.place = none;
    this.#items[place] = undefined;
    this.#free.push(place);
  }
}
