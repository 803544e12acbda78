/** A place in the queue of those who have nothing to do. Kept by the queue. */
export interface IdleItem<T> {
  earlier: T | undefined;
  later: T | undefined;
  queued: boolean;
}

/** Who has nothing to do, the longest idle first; anybody can leave at any time. A linked list: O(1). */
export class IdleQueue<T extends IdleItem<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  push(item: T): void {
    if (item.queued) return;
    item.queued = true;
    item.earlier = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
  }

  delete(item: T): void {
    if (!item.queued) return;
    item.queued = false;
    const { earlier, later } = item;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    item.earlier = item.later = undefined;
  }
}
