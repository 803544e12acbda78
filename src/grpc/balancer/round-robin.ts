import { type ChannelOptions, connectivityState } from '@grpc/grpc-js';

import { instanceOf } from '../endpoint.js';
import {
  type ChannelControlHelper,
  type Endpoint,
  type LoadBalancer,
  type Picker,
  type PickResult,
  type PickArgs,
  PickResultType,
  QueuePicker,
  type StatusOr,
  type TypedLoadBalancingConfig,
  UnavailablePicker,
} from '../experimental.js';
import { type BalancerContext, contextFrom } from './context.js';
import { type Child, ChildSet } from './child-set.js';
import { Rotation } from './rotation.js';
import { RoundRobinConfig, roundRobinName } from './round-robin-config.js';

/** How long the first calls wait, once one instance can be reached, for the others to be reached or to fail. */
export const settleMs = 250;

/**
 * Strict rotation over the instances that can be reached.
 *
 *     idle → connecting → settling → ready ⇄ connecting
 *                  ↘ failing ↗          ↘ failing (nobody left, or nobody can be reached)
 *
 * `settling`: somebody is ready, others are still connecting. Without it all early calls would go to the fastest.
 */
export class RoundRobinBalancer implements LoadBalancer {
  readonly #helper: ChannelControlHelper;
  readonly #children: ChildSet;
  readonly #rotation = new Rotation<Child>();
  #state: 'idle' | 'connecting' | 'settling' | 'ready' | 'failing' | 'destroyed' = 'idle';
  #context: BalancerContext | undefined;
  #settleTimer: Disposable | undefined;
  #lastError = '';
  #note = '';
  /** Set while an update goes through the children: they report in the middle of it. */
  #updating = false;

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper;
    this.#children = new ChildSet(helper, {
      changed: (child, before, errorMessage) => {
        if (child.state === connectivityState.READY && before !== connectivityState.READY) this.#rotation.add(child);
        if (child.state !== connectivityState.READY) this.#rotation.remove(child);
        if (errorMessage !== null) this.#lastError = errorMessage;
        this.#report();
      },
      removed: (child) => {
        this.#rotation.remove(child);
      },
    });
  }

  updateAddressList(endpoints: StatusOr<Endpoint[]>, config: TypedLoadBalancingConfig, options: ChannelOptions, resolutionNote: string): boolean {
    if (!(config instanceof RoundRobinConfig)) return false;
    this.#note = resolutionNote;
    this.#context = contextFrom(options);
    // Also for an error: what the resolver no longer vouches for must get no calls.
    if (!endpoints.ok) return this.#fail(endpoints.error.details);
    if (endpoints.value.length === 0) return this.#fail(this.#noted('there is no instance to call'));
    const called = endpoints.value.filter((endpoint) => instanceOf(endpoint)?.weight !== 0);
    if (called.length === 0) return this.#fail(this.#noted('every instance has weight 0, which asks for no calls'));
    this.#updating = true;
    this.#children.reconcile(this.#children.size === 0 ? this.#rotated(called) : called, options);
    this.#updating = false;
    this.#report();
    return true;
  }

  exitIdle(): void {
    this.#children.exitIdle();
  }

  resetBackoff(): void {
    // Backoff is the subchannels' own.
  }

  destroy(): void {
    this.#state = 'destroyed';
    this.#stopSettling();
    this.#children.clear();
  }

  getTypeName(): string {
    return roundRobinName;
  }

  /** A random start, so that many clients that start together do not all call the same instance first. */
  #rotated(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const start = Math.floor((this.#context?.random() ?? 0) * endpoints.length);
    return [...endpoints.slice(start), ...endpoints.slice(0, start)];
  }

  /** True, because `false` would leave calls waiting for a configuration: the failure itself is accepted. */
  #fail(details: string): true {
    this.#stopSettling();
    this.#children.clear();
    this.#enterFailing(details);
    return true;
  }

  #report(): void {
    if (this.#updating || this.#state === 'destroyed') return;
    const pending = this.#children.count(connectivityState.CONNECTING) + this.#children.count(connectivityState.IDLE);
    if (this.#rotation.size > 0) {
      if (this.#state === 'ready' || pending === 0) this.#enterReady();
      else if (this.#state !== 'settling') this.#enterSettling();
      return;
    }
    this.#stopSettling();
    if (pending > 0) {
      this.#state = 'connecting';
      this.#helper.updateState(connectivityState.CONNECTING, new QueuePicker(this), null);
      return;
    }
    const many = this.#children.size === 1 ? 'the one instance cannot be reached' : `none of ${this.#children.size} instances can be reached`;
    // The children are given no resolution note of their own: theirs would grow old.
    this.#enterFailing(this.#noted(`${many}: ${this.#lastError.replace(/ Resolution note: $/, '')}`));
  }

  #enterSettling(): void {
    this.#state = 'settling';
    this.#settleTimer = this.#context?.clock.setTimer(() => this.#enterReady(), settleMs, { unref: true });
    this.#helper.updateState(connectivityState.CONNECTING, new QueuePicker(this), null);
  }

  #enterReady(): void {
    this.#stopSettling();
    this.#state = 'ready';
    this.#helper.updateState(connectivityState.READY, new RotationPicker(this.#rotation), null);
  }

  #enterFailing(details: string): void {
    this.#state = 'failing';
    this.#helper.updateState(connectivityState.TRANSIENT_FAILURE, new UnavailablePicker({ details }), details);
  }

  #stopSettling(): void {
    this.#settleTimer?.[Symbol.dispose]();
    this.#settleTimer = undefined;
  }

  #noted(details: string): string {
    return this.#note === '' ? details : `${details} (${this.#note})`;
  }
}

/** Reads the rotation as it is at each pick, so making one costs nothing however many instances there are. */
class RotationPicker implements Picker {
  readonly #rotation: Rotation<Child>;

  constructor(rotation: Rotation<Child>) {
    this.#rotation = rotation;
  }

  pick(args: PickArgs): PickResult {
    const child = this.#rotation.next();
    return child?.leaf.getPicker().pick(args) ?? { pickResultType: PickResultType.QUEUE, subchannel: null, status: null, onCallStarted: null, onCallEnded: null };
  }
}
