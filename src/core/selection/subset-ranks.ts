import type { ServiceInstance } from '../instance.js';
import { murmurHash } from '../murmur-hash.js';

/**
 * One client's ranking of instances by rendezvous hashing: the highest random weight comes first (Thaler and Ravishankar, 1998). The hash
 * of an instance is computed once: an unchanged instance is the same object in every snapshot.
 */
export class SubsetRanks {
  readonly key: string;
  readonly #seed: number;
  readonly #hashes = new WeakMap<ServiceInstance, number>();

  constructor(key: string) {
    this.key = key;
    this.#seed = murmurHash(Buffer.from(key), 0);
  }

  /** The `count` first ones, the best first. O(n) for a count that is small beside n. */
  first(instances: readonly ServiceInstance[], count: number): readonly ServiceInstance[] {
    if (count >= instances.length) return [...instances].sort((a, b) => this.#compare(a, b));
    // A heap with the worst of the best so far on top; nearly every instance is compared with that one and passed over.
    const heap: ServiceInstance[] = [];
    let bar = -1;
    for (const instance of instances) {
      const value = this.#hash(instance);
      if (heap.length < count) {
        heap.push(instance);
        this.#siftUp(heap);
        if (heap.length === count) bar = this.#hash(heap[0] as ServiceInstance);
      } else if (value >= bar && this.#compare(instance, heap[0] as ServiceInstance) < 0) {
        heap[0] = instance;
        this.#siftDown(heap);
        bar = this.#hash(heap[0]);
      }
    }
    return heap.sort((a, b) => this.#compare(a, b));
  }

  /** Negative if `a` comes first. Equal hashes happen among ten thousand; the id decides then. */
  #compare(a: ServiceInstance, b: ServiceInstance): number {
    return this.#hash(b) - this.#hash(a) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  }

  #hash(instance: ServiceInstance): number {
    let value = this.#hashes.get(instance);
    if (value === undefined) {
      value = murmurHash(Buffer.from(instance.id), this.#seed);
      this.#hashes.set(instance, value);
    }
    return value;
  }

  #siftUp(heap: ServiceInstance[]): void {
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.#compare(heap[at] as ServiceInstance, heap[parent] as ServiceInstance) < 0) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #siftDown(heap: ServiceInstance[]): void {
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.#compare(heap[child] as ServiceInstance, heap[worst] as ServiceInstance) > 0) worst = child;
      }
      if (worst === at) return;
      swap(heap, at, worst);
      at = worst;
    }
  }
}

function swap(heap: ServiceInstance[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] as ServiceInstance, heap[a] as ServiceInstance];
}
