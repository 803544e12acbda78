import { number, parseOptions } from '../../core/options.js';
import type { TypedLoadBalancingConfig } from '../experimental.js';
import { configFields } from './config-fields.js';

export const leastRequestName = 'rollcall_least_request';

const fields = {
  choiceCount: number({ describe: 'instances that are compared for each call', fallback: 2, min: 2, max: 10, whole: true }),
};

/** `{ "rollcall_least_request": { "choiceCount": 2 } }`, the field and its default as in gRFC A48. */
export class LeastRequestConfig implements TypedLoadBalancingConfig {
  /** How many instances are drawn for each call, of which the least loaded gets it; from 2 to 10, default 2. */
  readonly choiceCount: number;

  constructor(choiceCount = fields.choiceCount.fallback) {
    this.choiceCount = choiceCount;
  }

  getLoadBalancerName(): string {
    return leastRequestName;
  }

  toJsonObject(): object {
    return { [leastRequestName]: { choiceCount: this.choiceCount } };
  }

  static createFromJson(json: unknown): LeastRequestConfig {
    return new LeastRequestConfig(parseOptions(fields, configFields(json), 'the policy').choiceCount);
  }
}
