import type { TypedLoadBalancingConfig } from '../experimental.js';
import { configFields } from './config-fields.js';

/** The configuration of a policy in which there is nothing to set, so anything inside is a mistake. */
export abstract class EmptyConfig implements TypedLoadBalancingConfig {
  abstract getLoadBalancerName(): string;

  toJsonObject(): object {
    return { [this.getLoadBalancerName()]: {} };
  }

  protected static check(json: unknown): void {
    const [field] = Object.keys(configFields(json));
    if (field !== undefined) throw new Error(`unknown field ${JSON.stringify(field)}; it takes none`);
  }
}
