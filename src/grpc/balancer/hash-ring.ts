/** Who owns points of a ring. */
export interface RingOwner {
  readonly key: string;
}

/** Positions lie side by side, apart from their owners: among many points a look-up's time is that of the cold memory it reads. */
interface Arc<T> {
  /** In order; of equal ones, the least key first. */
  readonly positions: number[];
  readonly owners: T[];
}

/** A ring of 2^32 positions, cut into equal arcs of about eight points. So a point is found, put in or taken out in constant time on average. */
const pointsPerArc = 8;
const fewestArcBits = 4;

/** Points on a circle with their owners. Which point follows a position depends on the points only, not on how they came. */
export class HashRing<T extends RingOwner> {
  #arcBits = fewestArcBits;
  #arcs: Arc<T>[] = emptyArcs(fewestArcBits);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param position a whole number from 0 up to but not including 2^32 */
  add(position: number, owner: T): void {
    insert(this.#arcAt(position), position, owner);
    this.#size++;
    if (this.#size > 2 * pointsPerArc * this.#arcs.length) this.#cut(this.#arcBits + 1);
  }

  delete(position: number, owner: T): void {
    const arc = this.#arcAt(position);
    const at = arc.positions.findIndex((each, index) => each === position && arc.owners[index] === owner);
    if (at < 0) return;
    arc.positions.splice(at, 1);
    arc.owners.splice(at, 1);
    this.#size--;
    if (this.#arcBits > fewestArcBits && this.#size < (pointsPerArc / 4) * this.#arcs.length) this.#cut(this.#arcBits - 1);
  }

  /** Whose point is at the position or the next one after it, round the circle. */
  ownerAt(position: number): T | undefined {
    if (this.#size === 0) return undefined;
    let index = this.#indexOf(position);
    const { positions, owners } = this.#arcs[index] as Arc<T>;
    for (let at = 0; at < positions.length; at++) if ((positions[at] as number) >= position) return owners[at];
    // At most once round: somebody is there.
    for (;;) {
      index = (index + 1) % this.#arcs.length;
      const first = (this.#arcs[index] as Arc<T>).owners[0];
      if (first !== undefined) return first;
    }
  }

  #arcAt(position: number): Arc<T> {
    return this.#arcs[this.#indexOf(position)] as Arc<T>;
  }

  #indexOf(position: number): number {
    return position >>> (32 - this.#arcBits);
  }

  /** Each arc's points stay in order, and halves or doubles of arcs do too: nothing is sorted. */
  #cut(arcBits: number): void {
    const former = this.#arcs;
    this.#arcBits = arcBits;
    this.#arcs = emptyArcs(arcBits);
    for (const { positions, owners } of former) {
      for (const [at, position] of positions.entries()) {
        const arc = this.#arcAt(position);
        arc.positions.push(position);
        arc.owners.push(owners[at] as T);
      }
    }
  }
}

function emptyArcs<T>(bits: number): Arc<T>[] {
  return Array.from({ length: 2 ** bits }, () => ({ positions: [], owners: [] }));
}

/** Two owners may have a point at one position: the key decides, so that every process decides alike. */
function insert<T extends RingOwner>({ positions, owners }: Arc<T>, position: number, owner: T): void {
  let at = positions.length;
  for (; at > 0; at--) {
    const before = positions[at - 1] as number;
    if (before === position ? (owners[at - 1] as T).key <= owner.key : before < position) break;
  }
  positions.splice(at, 0, position);
  owners.splice(at, 0, owner);
}
