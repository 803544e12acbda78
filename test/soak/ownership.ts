import type { KeyChange } from './key-history.js';

/** What the run itself asked for, which explains a deletion. */
export interface Intentions {
  /** When its owner was told to take it back, to close, or died, by `performance.now()`; 0 where it never got that far. */
  leftAt(registration: string): number | undefined;
  /** Whether it is a registration of the library's, as opposed to a record written past it. */
  ours(registration: string): boolean;
  /** Whether an operator deleted that key since the last settling. */
  deletedByOperator(key: string): boolean;
}

/**
 * Law 8 as seen from etcd: a record is overwritten only by an owner that is new, and removed only by its owner, an
 * operator, or the end of its lease. etcd does not say who deleted a key; but when nobody asked for it and the lease
 * under the record still lives, then it was a stranger.
 */
export class Ownership {
  /** Registrations whose key another owner has taken: these may be, and must become, superseded. */
  readonly overtaken = new Set<string>();
  readonly #intentions: Intentions;
  readonly #leaseLives: (lease: string) => Promise<boolean>;
  readonly #broken: (what: string) => void;
  readonly #onLeaseLost: (registration: string, lease: string) => void;
  /** By key: who wrote it and was not overtaken since. */
  readonly #owners = new Map<string, Set<string>>();
  /** Registrations that have stood in etcd: their right to replace what they find there is used up. */
  readonly #claimed = new Set<string>();
  readonly #asking = new Set<Promise<void>>();
  #suspected: { readonly registration: string; readonly at: number; readonly what: string }[] = [];

  constructor(
    intentions: Intentions,
    leaseLives: (lease: string) => Promise<boolean>,
    events: { readonly broken: (what: string) => void; readonly leaseLost: (registration: string, lease: string) => void },
  ) {
    this.#intentions = intentions;
    this.#leaseLives = leaseLives;
    this.#broken = events.broken;
    this.#onLeaseLost = events.leaseLost;
  }

  /** Says what is wrong, once etcd has answered, and every client has told what became of what it was doing. */
  async judge(): Promise<void> {
    await Promise.all(this.#asking);
    for (const { registration, at, what } of this.#suspected.splice(0)) {
      const left = this.#intentions.leftAt(registration);
      if (left === undefined || left > at) this.#broken(what);
    }
  }

  take(change: KeyChange): void {
    if (change.after === undefined) this.#deleted(change);
    else this.#put(change, change.after.registration);
  }

  #put({ key, revision, before, after }: KeyChange, registration: string | undefined): void {
    const writer = registration ?? `garbage at ${revision}`;
    if (registration !== undefined && this.#intentions.ours(registration)) {
      if (after?.lease === '0') this.#broken(`${registration} wrote ${key} without a lease at ${revision}`);
      const found = before === undefined ? undefined : (before.registration ?? 'garbage');
      if (found !== undefined && found !== registration && this.#claimed.has(registration)) {
        this.#broken(`${registration} overwrote the record of its successor ${found} under ${key} at ${revision}`);
      }
      this.#claimed.add(registration);
    }
    const owners = this.#owners.get(key) ?? new Set<string>();
    for (const owner of owners) {
      if (owner === writer) continue;
      this.overtaken.add(owner);
      owners.delete(owner);
    }
    owners.add(writer);
    this.#owners.set(key, owners);
  }

  #deleted({ key, revision, before }: KeyChange): void {
    if (before === undefined || this.#intentions.deletedByOperator(key)) return;
    const registration = before.registration ?? 'garbage';
    const suspicion = { registration, at: performance.now() };
    if (this.#intentions.leftAt(registration) !== undefined) return;
    if (before.lease === '0') {
      this.#suspected.push({ ...suspicion, what: `${key} of ${registration}, which stood there without a lease, was removed at ${revision} and nobody asked for it` });
      return;
    }
    const { lease } = before;
    const asking = this.#leaseLives(lease).then((lives) => {
      this.#asking.delete(asking);
      if (lives) this.#suspected.push({ ...suspicion, what: `${key} of ${registration} was removed at ${revision} though its lease ${lease} lives and nobody asked for it` });
      else this.#onLeaseLost(registration, lease);
    });
    this.#asking.add(asking);
  }
}
