/** A place in a queue. Kept by the queue; an item is in one at a time. */
export interface QueueItem<T> {
  earlier: T | undefined;
  later: T | undefined;
  queued: boolean;
}

/** First in, first out; anybody can leave at any time. A linked list: O(1). */
export class LinkedQueue<T extends QueueItem<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
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
