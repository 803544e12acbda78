import { endpointAddress, instanceOf } from '../endpoint.js';
import type { Endpoint } from '../experimental.js';

/** One place in the list of endpoints. */
export interface Listed<T> {
  readonly key: string;
  endpoint: Endpoint;
  /** What is kept for it. */
  value: T | undefined;
}

/** What another list of endpoints makes different. */
export interface ListChange<T> {
  readonly removed: Iterable<Listed<T>>;
  /** Still there under the same key, with another endpoint object than `before`. */
  readonly changed: readonly { readonly listed: Listed<T>; readonly before: Endpoint }[];
  readonly added: readonly Listed<T>[];
}

/**
 * The endpoints of a policy by key, in their order. An unchanged endpoint costs one comparison of objects: no string is made for it, no map filled.
 * That works out for lists in the order of their keys, as snapshots are; any other order is right too, and costs more.
 */
export class EndpointList<T> {
  #list: readonly Listed<T>[] = [];
  readonly #byKey = new Map<string, Listed<T>>();

  [Symbol.iterator](): IterableIterator<Listed<T>> {
    return this.#list[Symbol.iterator]();
  }

  clear(): void {
    this.#list = [];
    this.#byKey.clear();
  }

  /** Makes it the list of these endpoints. Of several with one key only one is kept, the first one that is new. */
  replace(endpoints: readonly Endpoint[]): ListChange<T> {
    let same = 0;
    while (same < endpoints.length && endpoints[same] === this.#list[same]?.endpoint) same++;
    if (same === endpoints.length && same === this.#list.length) return { removed: [], changed: [], added: [] };
    const walk = new Walk(this.#list, same);
    for (let at = same; at < endpoints.length; at++) walk.take(endpoints[at] as Endpoint);
    walk.end();
    const added = this.#settle(walk);
    for (const key of walk.gone.keys()) this.#byKey.delete(key);
    // A place whose key another one has is of no use.
    this.#list = walk.fresh.every(({ listed }) => this.#byKey.get(listed.key) === listed) ? walk.list : walk.list.filter((listed) => this.#byKey.get(listed.key) === listed);
    return { removed: walk.gone.values(), changed: walk.changed, added };
  }

  /** Finds out which of the places that look new are: one that went away before, further up or down the list, has only moved. */
  #settle({ list, fresh, gone, changed }: Walk<T>): readonly Listed<T>[] {
    const added: Listed<T>[] = [];
    for (const place of fresh) {
      const { key, endpoint } = place.listed;
      const moved = gone.get(key);
      if (moved !== undefined) {
        gone.delete(key);
        list[place.at] = place.listed = moved;
        if (moved.endpoint !== endpoint) changed.push(renewed(moved, endpoint));
      } else if (!this.#byKey.has(key)) {
        this.#byKey.set(key, place.listed);
        added.push(place.listed);
      }
    }
    return added;
  }
}

/** Goes through the former list and the new one side by side. */
class Walk<T> {
  readonly list: Listed<T>[];
  readonly gone = new Map<string, Listed<T>>();
  readonly changed: { readonly listed: Listed<T>; readonly before: Endpoint }[] = [];
  /** What was not found beside its former place. */
  readonly fresh: { listed: Listed<T>; readonly at: number }[] = [];
  readonly #former: readonly Listed<T>[];
  #at: number;

  constructor(former: readonly Listed<T>[], same: number) {
    this.#former = former;
    this.#at = same;
    this.list = former.slice(0, same);
  }

  take(endpoint: Endpoint): void {
    if (this.#former[this.#at]?.endpoint !== endpoint) this.#seek(endpoint);
    else this.list.push(this.#former[this.#at++] as Listed<T>);
  }

  end(): void {
    for (const listed of this.#former.slice(this.#at)) this.gone.set(listed.key, listed);
  }

  #seek(endpoint: Endpoint): void {
    const key = keyOf(endpoint);
    let listed = this.#former[this.#at];
    for (; listed !== undefined && listed.endpoint !== endpoint && listed.key < key; listed = this.#former[++this.#at]) this.gone.set(listed.key, listed);
    if (listed?.key === key) {
      this.#at++;
      this.list.push(listed);
      if (listed.endpoint !== endpoint) this.changed.push(renewed(listed, endpoint));
    } else {
      const added = { key, endpoint, value: undefined };
      this.fresh.push({ listed: added, at: this.list.length });
      this.list.push(added);
    }
  }
}

function renewed<T>(listed: Listed<T>, endpoint: Endpoint): { readonly listed: Listed<T>; readonly before: Endpoint } {
  const before = listed.endpoint;
  listed.endpoint = endpoint;
  return { listed, before };
}

/** The id of its instance; the address where there is no instance. */
export function keyOf(endpoint: Endpoint): string {
  return instanceOf(endpoint)?.id ?? endpointAddress(endpoint);
}
