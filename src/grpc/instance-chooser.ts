import type { Clock } from '../core/clock.js';
import type { ServiceInstance } from '../core/instance.js';
import type { Logger } from '../core/logger.js';
import { recordRevision } from '../core/record-revision.js';
import { type GuardView, type Holding, SnapshotGuard } from '../core/selection/guard.js';
import type { Selection } from '../core/selection/select.js';
import { Selector } from '../core/selection/selector.js';
import type { Snapshot } from '../core/snapshot.js';
import type { ConnectionBoard } from './balancer/connection-board.js';
import { clientKey } from './client-key.js';
import { EndpointMaker } from './endpoint-maker.js';
import { publishersOf } from './publishers.js';
import { type Resolution, resolutionOf } from './resolution.js';
import { type PublishedServiceConfig, publishedServiceConfig } from './service-config/published.js';
import type { ServicePlan } from './service-options.js';

export interface ChooserDeps {
  readonly service: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly board: ConnectionBoard;
  /** There is another choice now. Never called from within the constructor. */
  readonly changed: () => void;
}

/** What came of a snapshot, for the channel and for whoever asks why. */
export interface Choice {
  readonly snapshot: Snapshot;
  readonly guarded: GuardView;
  readonly selection: Selection;
  readonly published: PublishedServiceConfig;
  readonly resolution: Resolution;
}

/** Between two choices for the sake of health: one among thousands costs milliseconds. */
const leastDistanceMs = 20;

/**
 * Turns the snapshots of one service into what one channel is told: guard, selection, endpoints. It chooses anew with each snapshot, when time
 * changes something (a newcomer's share, the end of a hold, a stale budget), and when the health of instances does, where that plays a part.
 */
export class InstanceChooser implements Disposable {
  readonly #plan: ServicePlan;
  readonly #deps: ChooserDeps;
  readonly #guard: SnapshotGuard;
  readonly #selector: Selector;
  readonly #endpoints: EndpointMaker;
  readonly #listening: Disposable | undefined;
  #snapshot: Snapshot | undefined;
  #choice: Choice | undefined;
  #timer: Disposable | undefined;
  #held: Holding | undefined;
  #chosenAt = -Infinity;

  constructor(plan: ServicePlan, deps: ChooserDeps) {
    const { service, clock, logger, board } = deps;
    this.#plan = plan;
    this.#deps = deps;
    this.#guard = new SnapshotGuard(plan.guards, clock);
    const isHealthy = ({ id }: { readonly id: string }): boolean => !board.isImpaired(id);
    this.#selector = new Selector(plan.selection, { service, clientKey, clock, revisionOf: recordRevision, isHealthy });
    this.#endpoints = new EndpointMaker(plan.serverName, logger);
    const { zone, subset } = plan.selection;
    // Without these two it makes no difference, and a service of which half goes down would be chosen anew thousands of times.
    if (zone !== undefined || subset !== undefined) this.#listening = board.subscribe(() => this.#soon());
  }

  /** `undefined` until there was a snapshot. */
  get choice(): Choice | undefined {
    return this.#choice;
  }

  get plan(): ServicePlan {
    return this.#plan;
  }

  /** Why an instance that was selected is not called all the same. */
  whyNot(instance: ServiceInstance): string | undefined {
    return this.#endpoints.whyNot(instance);
  }

  take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#choose(snapshot, this.#guard.update(snapshot));
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#snapshot = undefined;
  }

  /** What the selection depended on, for `explain`. */
  get context(): ReturnType<Selector['context']> {
    return this.#selector.context();
  }

  /** At once after a while of quiet; then once for a whole wave of changes: when a zone goes down, its instances fail one after the other. */
  #soon(): void {
    this.#wakeAt(Math.max(this.#deps.clock.monotonic(), this.#chosenAt + leastDistanceMs));
  }

  #choose(snapshot: Snapshot, guarded: GuardView): void {
    const { service } = this.#deps;
    this.#chosenAt = this.#deps.clock.monotonic();
    const selection = this.#selector.select(guarded.instances);
    this.#tellOfHolding(guarded.holding);
    const resolution = resolutionOf({ service, snapshot, guarded, selection, endpointOf: (candidate) => this.#endpoints.of(candidate) });
    this.#choice = { snapshot, guarded, selection, published: publishedServiceConfig(publishersOf(guarded.instances, selection), recordRevision), resolution };
    const next = Math.min(guarded.nextChangeAt ?? Infinity, selection.nextChangeAt ?? Infinity);
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (next !== Infinity) this.#wakeAt(next);
    this.#deps.changed();
  }

  #wakeAt(at: number): void {
    this.#timer?.[Symbol.dispose]();
    const wait = Math.max(0, at - this.#deps.clock.monotonic());
    const due = (): void => {
      // Node's timers may come a fraction of a millisecond early: choosing then would change nothing.
      if (this.#deps.clock.monotonic() < at) this.#wakeAt(at);
      else this.#again();
    };
    this.#timer = this.#deps.clock.setTimer(due, wait, { unref: true });
  }

  #again(): void {
    this.#timer = undefined;
    if (this.#snapshot !== undefined) this.#choose(this.#snapshot, this.#guard.check());
  }

  #tellOfHolding(holding: Holding | undefined): void {
    const before = this.#held;
    this.#held = holding;
    const { service, logger } = this.#deps;
    if (holding !== undefined && before === undefined) logger.warn({ service, kept: holding.kept, kind: holding.kind }, holding.detail);
    else if (holding === undefined && before !== undefined) logger.info({ service, kind: before.kind }, 'no instances are held back any more');
  }
}
