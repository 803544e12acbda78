import { EmptyConfig } from './empty-config.js';

export const weightedRoundRobinName = 'rollcall_weighted_round_robin';

/** `{ "rollcall_weighted_round_robin": {} }`: the weights are the instances' own. */
export class WeightedRoundRobinConfig extends EmptyConfig {
  getLoadBalancerName(): string {
    return weightedRoundRobinName;
  }

  static createFromJson(json: unknown): WeightedRoundRobinConfig {
    EmptyConfig.check(json);
    return new WeightedRoundRobinConfig();
  }
}
