import type { TypedLoadBalancingConfig } from '../experimental.js';

export const roundRobinName = 'rollcall_round_robin';

/** `{ "rollcall_round_robin": {} }`: there is nothing to set yet, so anything inside is a mistake. */
export class RoundRobinConfig implements TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return roundRobinName;
  }

  toJsonObject(): object {
    return { [roundRobinName]: {} };
  }

  static createFromJson(json: unknown): RoundRobinConfig {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('its configuration is not an object');
    const [field] = Object.keys(json);
    if (field !== undefined) throw new Error(`unknown field ${JSON.stringify(field)}; it takes none`);
    return new RoundRobinConfig();
  }
}
