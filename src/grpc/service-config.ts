import type { ChannelOptions, MethodConfig, ServiceConfig } from '@grpc/grpc-js';

import { roundRobinName } from './balancer/round-robin-config.js';
import { isLoadBalancerNameRegistered, parseLoadBalancingConfig } from './experimental.js';

type LoadBalancing = ServiceConfig['loadBalancingConfig'];

export interface ChannelServiceConfig {
  /** With the policy that the user asked for, else ours. */
  readonly resolved: ServiceConfig;
  /**
   * The same with our own policy, for when there is nobody to call: those of grpc-js go on with the dead server or wait
   * for ever on an empty list.
   */
  readonly failing: ServiceConfig;
  /** Why the user's choice of a policy cannot be honoured; calls fail with it. */
  readonly invalid?: string;
}

const own: LoadBalancing = [{ [roundRobinName]: {} }];

/**
 * A resolver's service config replaces the channel's entirely, so the channel's is carried over here. grpc-js has checked its
 * structure by now: it throws out of the channel's constructor before it makes a resolver.
 */
export function channelServiceConfig(options: ChannelOptions): ChannelServiceConfig {
  const text = options['grpc.service_config'];
  const given = (text === undefined || text === '' ? {} : JSON.parse(text)) as Partial<ServiceConfig>;
  const methodConfig = Array.isArray(given.methodConfig) ? given.methodConfig.map(withExactTimeout) : [];
  const { loadBalancingConfig: asked = [], loadBalancingPolicy, ...rest } = given;
  // The older field names one policy and has no configuration; grpc-js reads it and does nothing with it.
  const wanted = asked.length > 0 || loadBalancingPolicy === undefined ? asked : [{ [loadBalancingPolicy.toLowerCase()]: {} }];
  const failing: ServiceConfig = { ...rest, methodConfig, loadBalancingConfig: own };
  if (wanted.length === 0) return { resolved: failing, failing };
  const chosen = choosePolicy(wanted);
  if (typeof chosen === 'string') return { resolved: failing, failing, invalid: chosen };
  return { resolved: { ...failing, loadBalancingConfig: chosen }, failing };
}

/**
 * The first policy of the list that grpc-js knows (https://github.com/grpc/grpc/blob/master/doc/service_config.md).
 * A mistake in it is reported; grpc-js would take `pick_first` in silence and call one server only.
 */
function choosePolicy(list: LoadBalancing): LoadBalancing | string {
  const known = list.find((config) => Object.keys(config).some((name) => isLoadBalancerNameRegistered(name)));
  if (known === undefined) {
    const names = list.flatMap((config) => Object.keys(config)).join(', ');
    return `the channel's service config asks for a load balancing policy that is not known here: ${names}`;
  }
  try {
    parseLoadBalancingConfig(known);
    return [known];
  } catch (error) {
    return `the channel's service config has an invalid loadBalancingConfig: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** grpc-js 1.14 reads "0.1s" as one nanosecond (it takes the digits after the point for nanoseconds): the other form is exact. */
function withExactTimeout(config: MethodConfig): MethodConfig {
  const timeout: unknown = config.timeout;
  if (typeof timeout !== 'string') return config;
  const [seconds = '0', fraction = ''] = timeout.slice(0, -1).split('.');
  return { ...config, timeout: { seconds: Number(seconds), nanos: Number(fraction.padEnd(9, '0')) } };
}
