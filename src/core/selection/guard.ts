import type { Clock } from '../clock.js';
import type { ServiceInstance } from '../instance.js';
import { quote } from '../quote.js';
import { nothing, patchSorted, type Snapshot } from '../snapshot.js';
import type { GuardRules } from './guard-options.js';
import { eachDifference } from '../list-differences.js';

/** What is held back, and until when. */
export interface Holding {
  /** `empty`: the backend says there are none. `loss`: more vanished at once than may. */
  readonly kind: 'empty' | 'loss';
  /** In milliseconds since the epoch. */
  readonly since: number;
  /** In milliseconds since the epoch; absent if only the backend can end it. */
  readonly until?: number | undefined;
  /** How many instances are used that the backend does not have any more. */
  readonly kept: number;
  /** For the note of a resolution; it does not change while nothing does. */
  readonly detail: string;
}

export interface GuardView {
  /**
   * - `passing`: the instances are the snapshot's.
   * - `holding`: and with them some that the backend does not have any more.
   * - `failing`: nobody is to be called.
   */
  readonly state: 'passing' | 'holding' | 'failing';
  /** Sorted by id. */
  readonly instances: readonly ServiceInstance[];
  readonly holding?: Holding | undefined;
  /** Why calls are to fail. */
  readonly failing?: string | undefined;
  /** When this changes by itself, on the clock's `monotonic`. */
  readonly nextChangeAt?: number | undefined;
}

/** A single instance that goes is nobody's mass loss. */
const smallestLoss = 2;

interface Departure {
  readonly instance: ServiceInstance;
  readonly at: number;
}

interface Hold {
  readonly kind: Holding['kind'];
  readonly since: number;
  readonly revision: string;
  /** How many instances there were before the loss. */
  readonly peak: number;
  readonly endsAt: number;
  readonly endsWall: number;
}

/**
 * Stands between the snapshots of one service and their use, and holds back what is more likely a fault than the truth (see GuardOptions).
 *
 *     passing → holding     the service is empty (onEmpty: keep), or has shrunk by more than maxLoss within lossWindow
 *     holding → passing     the backend's own list is good enough again (what vanished is back, or others came),
 *                           or holdFor is over: then the loss is believed. That waits for a backend that is well.
 *     either  ⇄ failing     stale for longer than staleBudget, until it is live again
 *
 * While holding, what is added or changed is taken in as ever; only removals are held back, also those that come later.
 * It sets no timers: `check` at `nextChangeAt`.
 */
export class SnapshotGuard {
  readonly #rules: GuardRules;
  readonly #clock: Clock;
  #snapshot: Snapshot | undefined;
  #staleSince: number | undefined;
  #hold: Hold | undefined;
  /** Who vanished within the window, or while holding; by id. */
  readonly #departed = new Map<string, Departure>();
  /** Sizes that the service had up to a moment within the window, each smaller than the one before. */
  #sizes: { readonly at: number; readonly size: number }[] = [];
  /** The snapshot's instances with those held back; made anew when either changes. */
  #merged: readonly ServiceInstance[] | undefined;

  constructor(rules: GuardRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
  }

  update(snapshot: Snapshot): GuardView {
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    const now = this.#clock.monotonic();
    // The snapshot tells the time by the wall clock, which may be set; from here on durations count.
    if (snapshot.status === 'live') this.#staleSince = undefined;
    else this.#staleSince ??= now - Math.max(0, this.#clock.now() - snapshot.since);
    if (before !== undefined && before.instances !== snapshot.instances) this.#compare(before.instances, snapshot, now);
    return this.check();
  }

  /** The same as time has passed. */
  check(): GuardView {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return { state: 'passing', instances: nothing };
    const now = this.#clock.monotonic();
    if (this.#hold !== undefined && snapshot.status === 'live' && now >= this.#hold.endsAt) this.#release();
    const failsAt = this.#staleSince === undefined ? Infinity : this.#staleSince + this.#rules.staleBudget * 1000;
    const holding = this.#hold === undefined ? undefined : this.#describe(this.#hold, snapshot);
    const instances = holding === undefined ? snapshot.instances : this.#mergedInstances(snapshot.instances);
    if (now >= failsAt) return { state: 'failing', instances, holding, failing: this.#describeStale(snapshot) };
    const holdEnds = this.#hold === undefined || snapshot.status === 'stale' ? Infinity : this.#hold.endsAt;
    const next = Math.min(failsAt, holdEnds);
    return { state: holding === undefined ? 'passing' : 'holding', instances, holding, nextChangeAt: next === Infinity ? undefined : next };
  }

  #compare(before: readonly ServiceInstance[], snapshot: Snapshot, now: number): void {
    const { instances } = snapshot;
    const { maxLoss } = this.#rules;
    this.#merged = undefined;
    const emptied = instances.length === 0 && this.#rules.onEmpty === 'keep';
    // The common case, a guard that is off, looks at no instance.
    if (maxLoss === 1 && !emptied && this.#hold === undefined) return;
    if (this.#hold === undefined) this.#openWindow(before.length, now);
    eachDifference(before, instances, (old, current) => {
      if (current !== undefined) this.#departed.delete(current.id);
      else if (old !== undefined) this.#departed.set(old.id, { instance: old, at: now });
    });
    const peak = this.#hold?.peak ?? this.#sizes[0]?.size ?? before.length;
    const lost = !emptied && this.#departed.size >= smallestLoss && exceeds(peak - instances.length, peak * maxLoss);
    if (this.#hold !== undefined) {
      // Of an emptied service the first one that is back is not to get all the calls.
      const allowed = this.#hold.kind === 'empty' && maxLoss === 1 ? 0 : maxLoss;
      if (!emptied && !exceeds(peak - instances.length, peak * allowed)) this.#release();
    } else if ((emptied && this.#departed.size > 0) || lost) {
      const holdMs = this.#rules.holdFor * 1000;
      const wall = this.#clock.now();
      this.#hold = { kind: emptied ? 'empty' : 'loss', since: wall, revision: snapshot.revision, peak, endsAt: now + holdMs, endsWall: wall + holdMs };
    }
  }

  /** Forgets what is not "at once" any more. */
  #openWindow(size: number, now: number): void {
    const start = now - this.#rules.lossWindow * 1000;
    for (const [id, { at }] of this.#departed) if (at < start || this.#rules.lossWindow === 0) this.#departed.delete(id);
    const sizes = this.#sizes.filter((each) => each.at >= start && this.#rules.lossWindow > 0 && each.size > size);
    sizes.push({ at: now, size });
    this.#sizes = sizes;
  }

  #release(): void {
    this.#hold = undefined;
    this.#departed.clear();
    this.#sizes = [];
    this.#merged = undefined;
  }

  #mergedInstances(instances: readonly ServiceInstance[]): readonly ServiceInstance[] {
    this.#merged ??= patchSorted(instances, new Map([...this.#departed].map(([id, { instance }]) => [id, instance]))).instances;
    return this.#merged;
  }

  #describe({ kind, since, revision, peak, endsWall }: Hold, { instances }: Snapshot): Holding {
    const kept = this.#departed.size;
    const what =
      kind === 'loss'
        ? `holding ${kept} of ${peak} instances that vanished at once at revision ${revision} (maxLoss ${this.#rules.maxLoss})`
        : `holding ${kept} of ${peak} instances last known, the backend reports ${instances.length === 0 ? 'none' : `only ${instances.length}`} since revision ${revision} (onEmpty keep)`;
    const bounded = endsWall !== Infinity;
    const detail = `${what}, until ${bounded ? new Date(endsWall).toISOString() : 'they are back'}`;
    return { kind, since, until: bounded ? endsWall : undefined, kept, detail };
  }

  #describeStale({ service, since, reason }: Snapshot): string {
    const why = reason === undefined ? '' : `: ${reason.code}: ${reason.message}`;
    return `the instances of ${quote(service)} are stale since ${new Date(since).toISOString()}, longer than ${this.#rules.staleBudget} s (staleBudget)${why}`;
  }
}

/** More than that, and not by a rounding error: 3 of 10 are not more than 0.3. */
function exceeds(loss: number, allowed: number): boolean {
  return loss - allowed > 1e-9;
}
