import type { Clock } from '../clock.js';
import type { ServiceInstance } from '../instance.js';
import type { IsHealthy } from './candidate.js';
import { Newcomers } from './newcomers.js';
import { OnePerAddress, type RevisionOf } from './one-per-address.js';
import type { SelectionRules } from './options.js';
import { select, type Selection, type SelectionContext } from './select.js';
import { SubsetRanks } from './subset-ranks.js';

export interface SelectorDeps {
  readonly service: string;
  readonly clientKey: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly revisionOf?: RevisionOf | undefined;
  readonly isHealthy?: IsHealthy | undefined;
}

/**
 * `select` for one client that follows one service: it remembers who came when, and what was computed for instances that have not changed.
 * It sets no timers: call `select` again with every new list, when health changes, and at `nextChangeAt` (of the clock's `monotonic`).
 */
export class Selector {
  readonly #rules: SelectionRules;
  readonly #deps: SelectorDeps;
  readonly #memory: Pick<SelectionContext, 'newcomers' | 'addresses' | 'ranks'>;

  constructor(rules: SelectionRules, deps: SelectorDeps) {
    this.#rules = rules;
    this.#deps = deps;
    this.#memory = {
      newcomers: rules.slowStart === undefined ? undefined : new Newcomers(rules.slowStart),
      addresses: new OnePerAddress(deps.revisionOf),
      ranks: rules.subset === undefined ? undefined : new SubsetRanks(rules.subset.key ?? deps.clientKey),
    };
  }

  /** @param instances all of the service, sorted by id */
  select(instances: readonly ServiceInstance[]): Selection {
    const now = this.#deps.clock.monotonic();
    this.#memory.newcomers?.observe(instances, now);
    return select(instances, this.#rules, this.context(now));
  }

  /** What the last selection depended on, for `explain`. */
  context(now = this.#deps.clock.monotonic()): SelectionContext {
    const { service, clientKey, revisionOf, isHealthy } = this.#deps;
    return { service, clientKey, revisionOf, isHealthy, now, ...this.#memory };
  }
}
