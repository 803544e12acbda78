import type { MetadataValue } from '@grpc/grpc-js';

import { murmurHash } from '../../core/murmur-hash.js';
import type { Random } from '../../core/random.js';
import type { PickArgs } from '../experimental.js';
import { HashRing } from './hash-ring.js';
import type { RingHashConfig } from './ring-hash-config.js';
import type { Member, Strategy } from './strategy.js';
import { bytesOf } from './text-bytes.js';

/** The weight for which an instance has `replicas` points: the default one of instances. */
const replicaWeight = 100;

/** What the ring may hold, about 50 MB. Beyond it everybody has half of the points, or a quarter, and so on. */
const mostPoints = 2 ** 20;

interface Points {
  /** What its weight says, in hundredths of a point, which are whole. */
  wanted: number;
  /** What is on the ring. */
  placed: number;
}

/**
 * Each instance has points on a ring, as many as its weight says; a call goes to the instance whose point follows the call's key. Whoever comes
 * takes keys from all, whoever goes leaves them to all, and the others' keys stay where they are. One that cannot be called is as good as gone, until
 * it is back: then it has the same points again.
 *
 * The place of point i of an instance is MurmurHash3_x86_32 of its id in UTF-8 with seed i, that of a key is the hash of its text with seed 0.
 * So every process in every language finds the same instance, as long as it knows the same ones.
 */
export class RingHashStrategy<T extends Member> implements Strategy<T> {
  readonly #metadataKey: string;
  readonly #replicas: number;
  readonly #random: Random;
  readonly #mostPoints: number;
  readonly #ring = new HashRing<T>();
  readonly #points = new Map<T, Points>();
  /** What all would have together, were there no limit; in hundredths too. */
  #wanted = 0;
  /** What numbers of points are divided by: a power of two; 1 up to the limit. */
  #divisor = 1;

  /** @param limit of the points; for tests */
  constructor({ metadataKey, replicas }: RingHashConfig, random: Random, limit = mostPoints) {
    this.#metadataKey = metadataKey;
    this.#replicas = replicas;
    this.#random = random;
    this.#mostPoints = limit;
  }

  get size(): number {
    return this.#points.size;
  }

  add(member: T): void {
    if (!this.#points.has(member)) this.#set(member, this.#wantedBy(member));
  }

  remove(member: T): void {
    if (this.#points.has(member)) this.#set(member, 0);
    this.#points.delete(member);
  }

  reweigh(member: T): void {
    if (this.#points.has(member)) this.#set(member, this.#wantedBy(member));
  }

  pick({ metadata }: PickArgs): T | undefined {
    const values = metadata.get(this.#metadataKey);
    const position = values.length === 0 ? Math.floor(this.#random() * 2 ** 32) : murmurHash(bytesOf(textOf(values)), 0);
    return this.#ring.ownerAt(position);
  }

  #wantedBy({ weight }: T): number {
    return weight * this.#replicas;
  }

  #set(member: T, wanted: number): void {
    const points = this.#points.get(member) ?? { wanted: 0, placed: 0 };
    this.#points.set(member, points);
    this.#wanted += wanted - points.wanted;
    points.wanted = wanted;
    const divisor = 2 ** Math.max(0, Math.ceil(Math.log2(this.#wanted / replicaWeight / this.#mostPoints)));
    if (divisor === this.#divisor) {
      this.#place(member, points);
    } else {
      this.#divisor = divisor;
      for (const [each, its] of this.#points) this.#place(each, its);
    }
  }

  /** The points of fewer are the first ones of more, so another number moves no key that it need not. */
  #place(member: T, points: Points): void {
    const count = points.wanted === 0 ? 0 : Math.max(1, Math.round(points.wanted / replicaWeight / this.#divisor));
    const id = Buffer.from(member.key);
    for (; points.placed < count; points.placed++) this.#ring.add(murmurHash(id, points.placed), member);
    for (; points.placed > count; points.placed--) this.#ring.delete(murmurHash(id, points.placed - 1), member);
  }
}

function textOf(values: readonly MetadataValue[]): string {
  const [only] = values;
  return values.length === 1 && typeof only === 'string' ? only : values.join(',');
}
