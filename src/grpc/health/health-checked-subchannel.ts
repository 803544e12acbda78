import { connectivityState } from '@grpc/grpc-js';

import type { Logger } from '../../core/logger.js';
import { BaseSubchannelWrapper, type ChannelControlHelper, type ConnectivityStateListener, createChildChannelControlHelper, type PickResult, type SubchannelChannel, type SubchannelInterface } from '../experimental.js';
import { releaseChannel, retainChannel } from './subchannel-channel.js';
import { type HealthVerdict, HealthWatch, type HealthWatchDeps } from './health-watch.js';

export interface HealthCheckOptions extends HealthWatchDeps {
  readonly logger?: Logger | undefined;
}

export interface HealthCheckEvents {
  /**
   * The server's answer to the first question, and each that differs; also when the stream that carries them breaks. Told
   * before the policy hears of it, so that the policy can say why. `detail` contains the word `unhealthy` if it is.
   */
  changed(address: string, healthy: boolean, detail: string): void;
}

/**
 * Client-side health checking (gRFC A17): over each connection that the policy makes, the server is asked how the service
 * fares, and an unhealthy one gets no calls. A server without the health service counts as healthy.
 *
 * A connection counts as connecting until the first answer, so that no call fails only because nobody has answered yet.
 * The policy passes each result of its leaves' pickers through `unwrapHealthChecked`.
 */
export function healthCheckedHelper(helper: ChannelControlHelper, options: HealthCheckOptions, events?: HealthCheckEvents): ChannelControlHelper {
  return createChildChannelControlHelper(helper, {
    createSubchannel: (address, args) => new HealthCheckedSubchannel(helper.createSubchannel(address, args), options, events),
  });
}

/** The same result with the subchannel that our wrapper holds: the policies above wrap too, and look for their own. */
export function unwrapHealthChecked(result: PickResult): PickResult {
  const { subchannel } = result;
  return subchannel instanceof HealthCheckedSubchannel ? { ...result, subchannel: subchannel.wrapped } : result;
}

/** Says once, not for each of a thousand connections, that servers have no health service. */
const mentioned = new WeakMap<Logger, Set<string>>();

/**
 * One connection of a policy, with the health of what is at its other end.
 *
 *     unreferenced → offline ⇄ checking (presented as CONNECTING) → healthy ⇄ unhealthy (both READY)        → offline
 */
class HealthCheckedSubchannel extends BaseSubchannelWrapper {
  readonly #options: HealthCheckOptions;
  readonly #events: HealthCheckEvents | undefined;
  readonly #listeners = new Set<ConnectivityStateListener>();
  #state: 'unreferenced' | 'offline' | 'checking' | 'healthy' | 'unhealthy' = 'unreferenced';
  #detail = '';
  #refs = 0;
  #channel: SubchannelChannel | undefined;
  #watch: HealthWatch | undefined;

  constructor(subchannel: SubchannelInterface, options: HealthCheckOptions, events: HealthCheckEvents | undefined) {
    super(subchannel);
    this.#options = options;
    this.#events = events;
    this.setHealthy(false);
  }

  get wrapped(): SubchannelInterface {
    return this.child;
  }

  override getConnectivityState(): connectivityState {
    const state = this.child.getConnectivityState();
    const answered = this.#state === 'healthy' || this.#state === 'unhealthy';
    return state === connectivityState.READY && !answered ? connectivityState.CONNECTING : state;
  }

  override addConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.#listeners.add(listener);
  }

  override removeConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.#listeners.delete(listener);
  }

  override realSubchannelEquals(other: SubchannelInterface): boolean {
    return this.child.realSubchannelEquals(other);
  }

  /** Nothing listens before this: pick_first makes subchannels that it never refers to, and so never lets go. */
  override ref(): void {
    super.ref();
    if (this.#refs++ > 0) return;
    this.#state = 'offline';
    this.child.addConnectivityStateListener(this.#onConnectivity);
    if (this.child.getConnectivityState() === connectivityState.READY) this.#startChecking();
  }

  override unref(): void {
    this.#refs--;
    if (this.#refs === 0) {
      this.#stopChecking();
      this.#state = 'unreferenced';
      this.child.removeConnectivityStateListener(this.#onConnectivity);
    }
    super.unref();
  }

  readonly #onConnectivity: ConnectivityStateListener = (subchannel, before, now, keepaliveTime, errorMessage) => {
    const presented = before === connectivityState.READY && this.#state === 'checking' ? connectivityState.CONNECTING : before;
    if (now === connectivityState.READY) this.#startChecking();
    else this.#stopChecking();
    const presents = this.getConnectivityState();
    if (presents !== presented) this.#tell(subchannel, presented, presents, keepaliveTime, errorMessage);
  };

  #startChecking(): void {
    this.#state = 'checking';
    this.#detail = '';
    this.#channel = retainChannel(this.child.getChannel());
    this.#watch = new HealthWatch(this.#channel, this.#options, (verdict) => this.#onVerdict(verdict));
  }

  /** Its health stays as it was: with the connection gone nobody asks for it, and a change now would pass for news. */
  #stopChecking(): void {
    this.#state = 'offline';
    this.#watch?.stop();
    this.#watch = undefined;
    if (this.#channel !== undefined) releaseChannel(this.#channel);
    this.#channel = undefined;
  }

  #onVerdict({ healthy, detail, unimplemented }: HealthVerdict): void {
    const first = this.#state === 'checking';
    this.#state = healthy ? 'healthy' : 'unhealthy';
    if (unimplemented) this.#mentionUnimplemented();
    if (detail !== this.#detail) {
      this.#detail = detail;
      this.#events?.changed(this.getAddress(), healthy, healthy ? detail : `${this.getAddress()} is unhealthy: ${detail}`);
    }
    this.setHealthy(healthy);
    if (first) this.#tell(this.child, connectivityState.CONNECTING, connectivityState.READY, -1, undefined);
  }

  #tell(...args: Parameters<ConnectivityStateListener>): void {
    for (const listener of [...this.#listeners]) {
      if (this.#listeners.has(listener)) listener(...args);
    }
  }

  #mentionUnimplemented(): void {
    const { logger, service } = this.#options;
    if (logger === undefined) return;
    const services = mentioned.get(logger) ?? new Set<string>();
    mentioned.set(logger, services);
    if (services.has(service)) return;
    services.add(service);
    logger.info({ service, address: this.getAddress() }, 'a server has no health service (grpc.health.v1) and counts as healthy');
  }
}
