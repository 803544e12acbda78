import type { RollcallError } from './errors.js';
import type { ServiceInstance } from './instance.js';
import { eachDifference } from './list-differences.js';

/** A record under the service that could not be read (law 5). */
export interface SkippedRecord {
  /** The backend's key of it. */
  readonly key: string;
  /** What is wrong with it, in words. */
  readonly reason: string;
}

/** All instances of one service at one revision. Deeply frozen (law 2). */
export interface Snapshot {
  readonly service: string;
  /** The backend's revision, a decimal number of any size; compare as BigInt. Never goes back within one history. */
  readonly revision: string;
  /** `stale`: the backend is in trouble, the instances are those last known (law 4). */
  readonly status: 'live' | 'stale';
  /** When this status began, in milliseconds since the epoch. */
  readonly since: number;
  /** Why it is stale; absent while live. */
  readonly reason?: RollcallError;
  /** Sorted by id. An unchanged instance is the very object of the snapshot before. */
  readonly instances: readonly ServiceInstance[];
  /** What differs from the snapshot this consumer saw before; on its first, everything is added. */
  readonly added: readonly ServiceInstance[];
  readonly removed: readonly ServiceInstance[];
  /** The new values of instances that were there before with other fields. */
  readonly changed: readonly ServiceInstance[];
  /** Records that could not be read, sorted by key. */
  readonly skipped: readonly SkippedRecord[];
}

export type SnapshotDiff = Pick<Snapshot, 'added' | 'removed' | 'changed'>;

/** Shared by all snapshots that carry no change; frozen, so that it can be. */
export const nothing: readonly never[] = Object.freeze([]);

/**
 * The difference of two lists sorted by id. Instances are compared by object identity, which law 2 makes
 * meaningful. O(n).
 */
export function diffInstances(before: readonly ServiceInstance[], after: readonly ServiceInstance[]): SnapshotDiff {
  const added: ServiceInstance[] = [];
  const removed: ServiceInstance[] = [];
  const changed: ServiceInstance[] = [];
  eachDifference(before, after, (old, now) => {
    if (now === undefined) removed.push(old as ServiceInstance);
    else (old === undefined ? added : changed).push(now);
  });
  return { added: Object.freeze(added), removed: Object.freeze(removed), changed: Object.freeze(changed) };
}

/**
 * A snapshot as a consumer sees it who saw `seen` last: the same instances, the diff between the two.
 * A consumer that kept up gets the snapshot itself.
 */
export function rebaseSnapshot(seen: Snapshot | undefined, predecessor: Snapshot | undefined, snapshot: Snapshot): Snapshot {
  if (seen === predecessor) return snapshot;
  return Object.freeze({ ...snapshot, ...diffInstances(seen?.instances ?? nothing, snapshot.instances) });
}

/** A list and what it differs in from the one before. */
export interface PatchedList extends SnapshotDiff {
  readonly instances: readonly ServiceInstance[];
}

/** So many changes are worth a copy of the list and a shift of its end for each; with more it is written anew from one end to the other. */
const fewChanges = 20;

/**
 * A sorted list with some instances put (a value) and some taken out (`undefined`), and the difference.
 * One shallow copy of the list, whatever its length; a binary search per change.
 */
export function patchSorted(list: readonly ServiceInstance[], changes: ReadonlyMap<string, ServiceInstance | undefined>): PatchedList {
  const added: ServiceInstance[] = [];
  const removed: ServiceInstance[] = [];
  const changed: ServiceInstance[] = [];
  const note = (before: ServiceInstance | undefined, now: ServiceInstance | undefined): void => {
    if (before === now) return;
    if (now === undefined) removed.push(before as ServiceInstance);
    else (before === undefined ? added : changed).push(now);
  };
  const frozen = (instances: readonly ServiceInstance[]): PatchedList => ({
    instances: Object.freeze(instances),
    // Of a first list everything is new: one array is enough for both.
    added: list.length === 0 ? instances : Object.freeze(added),
    removed: Object.freeze(removed),
    changed: Object.freeze(changed),
  });
  const ids = changes.size === 1 ? [...changes.keys()] : [...changes.keys()].sort();
  return frozen((ids.length <= fewChanges ? patchInPlace : patchThroughout)(list, ids, changes, note));
}

type Note = (before: ServiceInstance | undefined, now: ServiceInstance | undefined) => void;

function patchInPlace(list: readonly ServiceInstance[], ids: readonly string[], changes: ReadonlyMap<string, ServiceInstance | undefined>, note: Note): ServiceInstance[] {
  // Not slice(): of a frozen array it is a hundred times slower.
  const result = [...list];
  let from = 0;
  for (const id of ids) {
    const at = lowerBound(result, id, from);
    const before = result[at]?.id === id ? result[at] : undefined;
    const now = changes.get(id);
    note(before, now);
    if (before !== undefined && now !== undefined) result[at] = now;
    else if (now !== undefined) result.splice(at, 0, now);
    else if (before !== undefined) result.splice(at, 1);
    from = now === undefined ? at : at + 1;
  }
  return result;
}

function patchThroughout(list: readonly ServiceInstance[], ids: readonly string[], changes: ReadonlyMap<string, ServiceInstance | undefined>, note: Note): ServiceInstance[] {
  const result: ServiceInstance[] = [];
  let from = 0;
  for (const id of ids) {
    const at = lowerBound(list, id, from);
    for (let i = from; i < at; i++) result.push(list[i] as ServiceInstance);
    const before = list[at]?.id === id ? list[at] : undefined;
    const now = changes.get(id);
    note(before, now);
    if (now !== undefined) result.push(now);
    from = before === undefined ? at : at + 1;
  }
  for (let i = from; i < list.length; i++) result.push(list[i] as ServiceInstance);
  return result;
}

function lowerBound(list: readonly ServiceInstance[], id: string, from: number): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as ServiceInstance).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
