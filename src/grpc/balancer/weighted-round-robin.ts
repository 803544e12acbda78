import type { Policy } from './policy.js';
import { TurnStrategy } from './turn-strategy.js';
import { WeightedRoundRobinConfig, weightedRoundRobinName } from './weighted-round-robin-config.js';

/** Turns in proportion to the instances' own weights. gRPC's policy of a similar name takes weights out of load reports instead (gRFC A58). */
export const weightedRoundRobin: Policy<WeightedRoundRobinConfig> = {
  name: weightedRoundRobinName,
  Config: WeightedRoundRobinConfig,
  weigh: (weight, share) => weight * share,
  createStrategy: (_config, random) => new TurnStrategy(random),
};
