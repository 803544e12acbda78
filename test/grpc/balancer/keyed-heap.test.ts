import { expect } from 'chai';

import { KeyedHeap } from '../../../src/grpc/balancer/keyed-heap.js';
import { seededRandom } from '../../support/seeded-random.js';

describe('the heap', () => {
  it('has the least in front, whoever comes and goes', () => {
    const random = seededRandom(3);
    const heap = new KeyedHeap<{ value: number; heapIndex: number }>((a, b) => a.value < b.value);
    const items = Array.from({ length: 40 }, () => ({ value: 0, heapIndex: -1 }));
    for (let step = 0; step < 20_000; step++) {
      const item = items[Math.floor(random() * items.length)]!;
      if (heap.has(item)) {
        heap.delete(item);
      } else {
        item.value = Math.floor(random() * 30);
        heap.push(item, item.value);
      }
      const inside = items.filter((each) => heap.has(each));
      expect(heap.size).to.equal(inside.length);
      expect(heap.first?.value ?? Infinity).to.equal(Math.min(Infinity, ...inside.map(({ value }) => value)));
    }
  });
});
