import { type Picker, type PickArgs, type PickResult, PickResultType } from '../experimental.js';
import type { Child } from './child.js';
import type { CallFollower, Strategy } from './strategy.js';

const queued: PickResult = { pickResultType: PickResultType.QUEUE, subchannel: null, status: null, onCallStarted: null, onCallEnded: null };

/** Asks the strategy as it is at each pick, so one picker serves for as long as somebody is ready. */
export class StrategyPicker implements Picker {
  readonly #strategy: Strategy<Child>;

  constructor(strategy: Strategy<Child>) {
    this.#strategy = strategy;
  }

  pick(args: PickArgs): PickResult {
    const child = this.#strategy.pick(args);
    if (child === undefined) return queued;
    const result = child.pick(args);
    if (this.#strategy.follow === undefined || result.pickResultType !== PickResultType.COMPLETE) return result;
    return followed(result, this.#strategy.follow(child));
  }
}

/** The leaf's own callbacks stay: policies and wrappers below may count calls too. */
function followed(result: PickResult, follower: CallFollower): PickResult {
  return { ...result, onCallStarted: startOf(follower, result.onCallStarted), onCallEnded: endOf(follower, result.onCallEnded) };
}

/** Functions that are returned need no name of their own, which loaders that keep names would give each anew: dearer than the rest of a pick. */
function startOf(follower: CallFollower, further: PickResult['onCallStarted']): PickResult['onCallStarted'] {
  return () => {
    follower.started();
    further?.();
  };
}

function endOf(follower: CallFollower, further: PickResult['onCallEnded']): PickResult['onCallEnded'] {
  return (code, details, metadata) => {
    follower.ended();
    further?.(code, details, metadata);
  };
}
