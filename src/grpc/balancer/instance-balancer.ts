import { type ChannelOptions, connectivityState } from '@grpc/grpc-js';

import { weightOf } from '../endpoint.js';
import {
  type ChannelControlHelper,
  type Endpoint,
  type LoadBalancer,
  type Picker,
  QueuePicker,
  type StatusOr,
  type TypedLoadBalancingConfig,
  UnavailablePicker,
} from '../experimental.js';
import type { Child } from './child.js';
import { ChildSet } from './child-set.js';
import { type BalancerContext, contextFrom } from './context.js';
import { connectionHealth, type HealthCheck } from './health-check.js';
import type { Policy } from './policy.js';
import type { Strategy } from './strategy.js';
import { StrategyPicker } from './strategy-picker.js';
import { describeTrouble } from './trouble.js';

/** How long the first calls wait, once one instance can be reached, for the others to be reached or to fail. */
export const settleMs = 250;

/**
 * The one balancer of this package. Which instance a call goes to is the policy's strategy; everything else is the same for all.
 *
 *     idle → connecting → settling → ready ⇄ connecting
 *                  ↘ failing ↗          ↘ failing (nobody left, or nobody can be called)
 *
 * `settling`: somebody is ready, others are still connecting. Without it all early calls would go to the fastest.
 *
 * The channel is told when the state becomes another, not when one more instance is ready: the picker reads the strategy as it is at each
 * pick, and a new picker has the channel pick again for every call that waits.
 */
export class InstanceBalancer implements LoadBalancer {
  readonly #policy: Policy;
  readonly #helper: ChannelControlHelper;
  readonly #children: ChildSet;
  #config: TypedLoadBalancingConfig | undefined;
  #strategy: Strategy<Child> | undefined;
  #state: 'idle' | 'connecting' | 'settling' | 'ready' | 'failing' | 'destroyed' = 'idle';
  #context: BalancerContext | undefined;
  #settleTimer: Disposable | undefined;
  #picker: Picker | undefined;
  /** What calls were told last that cannot be made. */
  #failure = '';
  #lastFailure = '';
  #lastUnhealthy = '';
  #note = '';
  /** Set while an update goes through the children: they report in the middle of it. */
  #updating = false;

  constructor(policy: Policy, helper: ChannelControlHelper, health: HealthCheck = connectionHealth) {
    this.#policy = policy;
    this.#helper = helper;
    this.#children = new ChildSet({
      helper,
      health,
      weigh: (endpoint) => {
        const { weight, share } = weightOf(endpoint);
        return weight === 0 ? 0 : policy.weigh(weight, share);
      },
      changed: (child) => {
        if (child.state === 'ready') this.#strategy?.add(child);
        else this.#strategy?.remove(child);
        if (child.state === 'failing') this.#lastFailure = child.detail;
        if (child.state === 'unhealthy') this.#lastUnhealthy = child.detail;
        this.#report();
      },
      reweighed: (child) => {
        if (child.state === 'ready') this.#strategy?.reweigh(child);
      },
      removed: (child) => {
        this.#strategy?.remove(child);
      },
    });
  }

  updateAddressList(endpoints: StatusOr<Endpoint[]>, config: TypedLoadBalancingConfig, options: ChannelOptions, resolutionNote: string): boolean {
    if (!(config instanceof this.#policy.Config)) return false;
    this.#note = resolutionNote;
    const context = contextFrom(options);
    this.#context = context;
    const reconfigured = this.#configure(config, context);
    // Also for an error: what the resolver no longer vouches for must get no calls.
    if (!endpoints.ok) return this.#fail(endpoints.error.details);
    if (endpoints.value.length === 0) return this.#fail(this.#noted('there is no instance to call'));
    this.#updating = true;
    this.#children.reconcile(endpoints.value, { options, context, first: (count) => Math.floor(context.random() * count) });
    this.#updating = false;
    if (this.#children.size === 0) return this.#fail(this.#noted('every instance has weight 0, which asks for no calls'));
    this.#report();
    if (this.#state === 'ready') {
      if (reconfigured) this.#enterReady();
      this.#repeatLater();
    }
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
    return this.#policy.name;
  }

  /** Whether there is another strategy now. Each update brings a new configuration object, which as a rule says the same. */
  #configure(config: TypedLoadBalancingConfig, context: BalancerContext): boolean {
    const before = this.#config;
    this.#config = config;
    if (before !== undefined && JSON.stringify(before.toJsonObject()) === JSON.stringify(config.toJsonObject())) return false;
    const strategy = this.#policy.createStrategy<Child>(config, context.random);
    for (const child of this.#children) if (child.state === 'ready') strategy.add(child);
    this.#strategy = strategy;
    this.#picker = new StrategyPicker(strategy);
    return true;
  }

  /** True, because `false` would leave calls waiting for a configuration: the failure itself is accepted. */
  #fail(details: string): true {
    this.#stopSettling();
    this.#updating = true;
    this.#children.clear();
    this.#updating = false;
    this.#enterFailing(details);
    return true;
  }

  #report(): void {
    if (this.#updating || this.#state === 'destroyed') return;
    const pending = this.#children.count('connecting');
    if (this.#children.count('ready') > 0) {
      if (this.#state === 'ready') return;
      if (pending === 0) this.#enterReady();
      else if (this.#state !== 'settling') this.#enterSettling();
      return;
    }
    this.#stopSettling();
    if (pending === 0) this.#enterFailing(this.#noted(this.#trouble()));
    else if (this.#state !== 'connecting') this.#enterWaiting('connecting');
  }

  #trouble(): string {
    const failing = { count: this.#children.count('failing'), detail: this.#lastFailure };
    return describeTrouble(failing, { count: this.#children.count('unhealthy'), detail: this.#lastUnhealthy });
  }

  #enterSettling(): void {
    this.#settleTimer = this.#context?.clock.setTimer(() => this.#enterReady(), settleMs, { unref: true });
    this.#enterWaiting('settling');
  }

  #enterWaiting(state: 'connecting' | 'settling'): void {
    this.#state = state;
    this.#helper.updateState(connectivityState.CONNECTING, new QueuePicker(this), null);
  }

  #enterReady(): void {
    this.#stopSettling();
    this.#state = 'ready';
    if (this.#picker !== undefined) this.#helper.updateState(connectivityState.READY, this.#picker, null);
  }

  /** outlier_detection takes over its new configuration only after this update, and reads it only when it is told of a picker. */
  #repeatLater(): void {
    process.nextTick(() => {
      if (this.#state === 'ready') this.#enterReady();
    });
  }

  #enterFailing(details: string): void {
    if (this.#state === 'failing' && this.#failure === details) return;
    this.#state = 'failing';
    this.#failure = details;
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
