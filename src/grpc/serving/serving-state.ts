import { RollcallError } from '../../core/errors.js';

/**
 * - `starting`: not registered yet.
 * - `serving`: registered with its weight (the registration's own state says whether the record stands at this moment).
 * - `paused`: serves what still comes, and asks for no calls: weight 0, or no record where the layout carries no weight.
 * - `draining`: being stopped: the record is taken back, and it serves while clients hear of it and calls under way finish.
 * - `stopped`: serves nothing any more.
 */
export type ServingState = 'starting' | 'serving' | 'paused' | 'draining' | 'stopped';

/**
 *     starting → serving ⇄ paused
 *        │          └──┬─────┘
 *        │          draining
 *        └─────────────┴→ stopped (final)
 */
const next: Readonly<Record<ServingState, readonly ServingState[]>> = {
  starting: ['serving', 'stopped'],
  serving: ['paused', 'draining'],
  paused: ['serving', 'draining'],
  draining: ['stopped'],
  stopped: [],
};

/** The one place that moves between the states of a server. */
export class ServingStates {
  readonly #entered: (state: ServingState) => void;
  #state: ServingState = 'starting';

  /** @param entered called after each change */
  constructor(entered: (state: ServingState) => void) {
    this.#entered = entered;
  }

  get current(): ServingState {
    return this.#state;
  }

  /** Does nothing if it is in that state already. */
  enter(state: ServingState): void {
    if (state === this.#state) return;
    if (!next[this.#state].includes(state)) throw new RollcallError('INTERNAL', `a server that is ${this.#state} cannot become ${state}`);
    this.#state = state;
    this.#entered(state);
  }
}
