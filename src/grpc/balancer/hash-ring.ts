/** Who owns points of a ring. */
export interface RingOwner {
  readonly key: string;
}

interface Point<T> {
  readonly position: number;
  readonly owner: T;
}

/** A ring of 2^32 positions, cut into equal arcs of about eight points. So a point is found, put in or taken out in constant time on average. */
const pointsPerArc = 8;
const fewestArcBits = 4;

/** Points on a circle with their owners. Which point follows a position depends on the points only, not on how they came. */
export class HashRing<T extends RingOwner> {
  #arcBits = fewestArcBits;
  #arcs: Point<T>[][] = emptyArcs(fewestArcBits);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param position a whole number from 0 up to but not including 2^32 */
  add(position: number, owner: T): void {
    insert(this.#arcAt(position), { position, owner });
    this.#size++;
    if (this.#size > 2 * pointsPerArc * this.#arcs.length) this.#cut(this.#arcBits + 1);
  }

  delete(position: number, owner: T): void {
    const arc = this.#arcAt(position);
    const at = arc.findIndex((point) => point.position === position && point.owner === owner);
    if (at < 0) return;
    arc.splice(at, 1);
    this.#size--;
    if (this.#arcBits > fewestArcBits && this.#size < (pointsPerArc / 4) * this.#arcs.length) this.#cut(this.#arcBits - 1);
  }

  /** Whose point is at the position or the next one after it, round the circle. */
  ownerAt(position: number): T | undefined {
    if (this.#size === 0) return undefined;
    let arc = this.#indexOf(position);
    for (const point of this.#arcs[arc] as Point<T>[]) if (point.position >= position) return point.owner;
    // At most once round: somebody is there.
    for (;;) {
      arc = (arc + 1) % this.#arcs.length;
      const [first] = this.#arcs[arc] as Point<T>[];
      if (first !== undefined) return first.owner;
    }
  }

  #arcAt(position: number): Point<T>[] {
    return this.#arcs[this.#indexOf(position)] as Point<T>[];
  }

  #indexOf(position: number): number {
    return position >>> (32 - this.#arcBits);
  }

  /** Each arc's points stay in order, and halves or doubles of arcs do too: nothing is sorted. */
  #cut(arcBits: number): void {
    const former = this.#arcs;
    this.#arcBits = arcBits;
    this.#arcs = emptyArcs(arcBits);
    for (const arc of former) for (const point of arc) this.#arcAt(point.position).push(point);
  }
}

function emptyArcs<T>(bits: number): Point<T>[][] {
  return Array.from({ length: 2 ** bits }, () => []);
}

function insert<T extends RingOwner>(arc: Point<T>[], point: Point<T>): void {
  let at = arc.length;
  while (at > 0 && precedes(point, arc[at - 1] as Point<T>)) at--;
  arc.splice(at, 0, point);
}

/** Two owners may have a point at one position: the key decides, so that every process decides alike. */
function precedes<T extends RingOwner>(a: Point<T>, b: Point<T>): boolean {
  return a.position === b.position ? a.owner.key < b.owner.key : a.position < b.position;
}
