import type { ServiceInstance } from '../instance.js';
import { nothing } from '../snapshot.js';
import { eachDifference } from '../list-differences.js';

/** The backend's revision at which an instance's record was written last, a decimal number of any size; `undefined` if it is not known. */
export type RevisionOf = (instance: ServiceInstance) => string | undefined;

/**
 * Which instances are superseded: an address leads to one server, whatever number of records say so, and each record more would give it
 * that many times the calls. The newest record stands, as it is the one that this server wrote; an older one, of a predecessor that died
 * without a word, says nothing of it any more.
 *
 * It keeps its index from one list to the next, so that an update costs what changed.
 */
export class OnePerAddress {
  readonly #revisionOf: RevisionOf;
  readonly #single = new Map<string, ServiceInstance>();
  /** Addresses with more than one instance; `#single` holds any of them meanwhile. */
  readonly #contested = new Map<string, Set<ServiceInstance>>();
  #list: readonly ServiceInstance[] = nothing;

  constructor(revisionOf: RevisionOf = () => undefined) {
    this.#revisionOf = revisionOf;
  }

  /**
   * Each superseded instance, with the one that stands in its place.
   * @param instances sorted by id
   */
  superseded(instances: readonly ServiceInstance[]): ReadonlyMap<ServiceInstance, ServiceInstance> {
    eachDifference(this.#list, instances, (old, now) => {
      if (old !== undefined) this.#remove(old);
      if (now !== undefined) this.#add(now);
    });
    this.#list = instances;
    if (this.#contested.size === 0) return none;
    const result = new Map<ServiceInstance, ServiceInstance>();
    for (const rivals of this.#contested.values()) {
      // Asked each time: a record that was written again as it was is the same object with a newer revision.
      const newest = [...rivals].reduce((best, each) => (this.#isNewer(each, best) ? each : best));
      for (const each of rivals) if (each !== newest) result.set(each, newest);
    }
    return result;
  }

  #add(instance: ServiceInstance): void {
    const { address } = instance;
    const other = this.#single.get(address);
    if (other === undefined) {
      this.#single.set(address, instance);
      return;
    }
    const rivals = this.#contested.get(address);
    if (rivals === undefined) this.#contested.set(address, new Set([other, instance]));
    else rivals.add(instance);
  }

  #remove(instance: ServiceInstance): void {
    const { address } = instance;
    const rivals = this.#contested.get(address);
    if (rivals === undefined) {
      this.#single.delete(address);
      return;
    }
    rivals.delete(instance);
    const [left] = rivals;
    if (rivals.size > 1 || left === undefined) return;
    this.#contested.delete(address);
    this.#single.set(address, left);
  }

  /** A known revision beats an unknown one; where that decides nothing, the greater id does, so that all clients agree. */
  #isNewer(a: ServiceInstance, b: ServiceInstance): boolean {
    const [revisionA, revisionB] = [decimal(this.#revisionOf(a)), decimal(this.#revisionOf(b))];
    return revisionA === revisionB ? a.id > b.id : revisionA > revisionB;
  }
}

const none: ReadonlyMap<ServiceInstance, ServiceInstance> = new Map();

function decimal(revision: string | undefined): bigint {
  return revision !== undefined && /^\d+$/.test(revision) ? BigInt(revision) : -1n;
}
