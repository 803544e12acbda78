import type { ChannelOptions, ServiceConfig } from '@grpc/grpc-js';

import { toRollcallError } from '../../core/errors.js';
import { type Logger, silentLogger } from '../../core/logger.js';
import { roundRobinName } from '../balancer/round-robin-config.js';
import { defaultAttemptsLimit } from './attempts.js';
import type { CheckedServiceConfig, LoadBalancingConfig } from './checked.js';
import { mergeServiceConfigs } from './merge.js';
import { readServiceConfig } from './parse.js';
import type { PublishedServiceConfig } from './published.js';

/** What one channel is told. The same object as long as nothing changed. */
export interface ChannelServiceConfig {
  /** With the policy that was asked for, else ours. */
  readonly resolved: ServiceConfig;
  /**
   * The same with a policy of our own, for when there is nobody to call: those of grpc-js go on with the dead server or wait
   * for ever on an empty list.
   */
  readonly failing: ServiceConfig;
  /** Why the channel's own config cannot be honoured; calls fail with it. */
  readonly invalid?: string;
  /** Present: the health of each connection is checked, under this service name (gRFC A17). */
  readonly healthService?: string;
}

export interface ServiceConfigsInit {
  /** The channel's options, with its own `grpc.service_config`, which goes before all else. */
  readonly channel: ChannelOptions;
  /** What `parseConfigOptions` gave; goes before what is published. */
  readonly options?: CheckedServiceConfig | undefined;
  /** Told of what has no effect, each time that it is new. Default: silent. */
  readonly logger?: Logger;
}

const ownPolicy: LoadBalancingConfig = { [roundRobinName]: {} };

/**
 * The service config of one channel, of its own, the resolver's options and what the service publishes, in this order. A resolver's config
 * replaces the channel's entirely in grpc-js, so the channel's is carried over here.
 */
export class ServiceConfigs {
  readonly #given: readonly (CheckedServiceConfig | undefined)[];
  readonly #invalid: string | undefined;
  readonly #retriesOff: boolean;
  readonly #logger: Logger;
  #problem: string | undefined;
  #published: CheckedServiceConfig | undefined;
  #current: ChannelServiceConfig | undefined;

  constructor({ channel, options, logger = silentLogger }: ServiceConfigsInit) {
    this.#logger = logger;
    this.#retriesOff = channel['grpc.enable_retries'] === 0;
    let own: CheckedServiceConfig | undefined;
    try {
      own = this.#readChannel(channel);
    } catch (error) {
      this.#invalid = toRollcallError(error).message;
    }
    this.#given = [own, options];
  }

  /** @param published what `publishedServiceConfig` gave for the present instances */
  with(published: PublishedServiceConfig = {}): ChannelServiceConfig {
    if (published.problem !== undefined && published.problem !== this.#problem) this.#warn(published.problem);
    this.#problem = published.problem;
    if (this.#current === undefined || this.#published !== published.config) {
      for (const warning of published.warnings ?? []) this.#warn(warning);
      this.#published = published.config;
      this.#current = this.#merge(published.config);
    }
    return this.#current;
  }

  /** grpc-js has looked at it before: a config that it finds wrong throws out of the channel's constructor. */
  #readChannel(channel: ChannelOptions): CheckedServiceConfig | undefined {
    const text = channel['grpc.service_config'];
    if (text === undefined || text === '') return undefined;
    const attemptsLimit = channel['grpc-node.retry_max_attempts_limit'] ?? defaultAttemptsLimit;
    const { config, warnings } = readServiceConfig(text, "the channel's service config", { strictness: 'lenient', attemptsLimit });
    for (const warning of warnings) this.#warn(warning);
    return config;
  }

  #merge(published: CheckedServiceConfig | undefined): ChannelServiceConfig {
    const merged = mergeServiceConfigs([...this.#given, published]);
    const { methodConfig, retryThrottling, loadBalancingConfig: policy = ownPolicy, healthCheckConfig } = merged;
    if (this.#retriesOff && methodConfig.some((entry) => entry.retryPolicy !== undefined || entry.hedgingPolicy !== undefined)) {
      this.#warn('the channel option grpc.enable_retries is 0: retry and hedging policies have no effect on it');
    }
    const rest = { methodConfig: [...methodConfig], ...(retryThrottling === undefined ? {} : { retryThrottling }) };
    const resolved: ServiceConfig = { ...rest, loadBalancingConfig: [policy] };
    // Ours fail fast themselves, and keep their place and their connections when they are not exchanged for another.
    const failing: ServiceConfig = isOurs(policy) ? resolved : { ...rest, loadBalancingConfig: [ownPolicy] };
    const health = healthCheckConfig?.serviceName;
    return {
      resolved,
      failing,
      ...(this.#invalid === undefined ? {} : { invalid: this.#invalid }),
      ...(health === undefined ? {} : { healthService: health }),
    };
  }

  #warn(message: string): void {
    this.#logger.warn({}, message);
  }
}

function isOurs(policy: LoadBalancingConfig): boolean {
  return Object.keys(policy).every((name) => name.startsWith('rollcall_'));
}
