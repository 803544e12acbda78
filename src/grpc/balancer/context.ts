import type { ChannelOptions } from '@grpc/grpc-js';

import { type Clock, systemClock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { type Random, systemRandom } from '../../core/random.js';
import type { ConnectionBoard } from './connection-board.js';

/** What a policy takes instead of reaching for globals; grpc-js makes policies itself and passes them nothing. */
export interface BalancerContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where the policy tells how it stands with each instance. */
  readonly board?: ConnectionBoard | undefined;
  /** Present: the health of each connection is checked under this service name (gRFC A17). */
  readonly health?: { readonly service: string } | undefined;
}

/**
 * The key of the context among the resolver's attributes. A symbol, because grpc-js merges attributes into the
 * subchannels' arguments by `Object.entries`: under a string key a new object there would reconnect every endpoint,
 * and a circular one would break tracing, which prints arguments as JSON.
 */
const contextKey = Symbol('rollcall.balancer');

/** The resolver's attributes: made once for each resolver, never anew for a resolution. */
export function attributesWith(context: BalancerContext): Record<string, unknown> {
  return Object.freeze({ [contextKey]: context });
}

/** The context out of what a policy is given; the system's for a policy under another resolver. */
export function contextFrom(options: ChannelOptions): BalancerContext {
  return (options as { readonly [contextKey]?: BalancerContext })[contextKey] ?? { clock: systemClock, random: systemRandom };
}
