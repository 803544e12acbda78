import { EmptyConfig } from './empty-config.js';

export const roundRobinName = 'rollcall_round_robin';

/** `{ "rollcall_round_robin": {} }` */
export class RoundRobinConfig extends EmptyConfig {
  getLoadBalancerName(): string {
    return roundRobinName;
  }

  static createFromJson(json: unknown): RoundRobinConfig {
    EmptyConfig.check(json);
    return new RoundRobinConfig();
  }
}
