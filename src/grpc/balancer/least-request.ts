import { LeastRequestConfig, leastRequestName } from './least-request-config.js';
import { LeastRequestStrategy } from './least-request-strategy.js';
import type { Policy } from './policy.js';

/** The less loaded of a few instances that chance draws (gRFC A48), loads compared by weight. */
export const leastRequest: Policy<LeastRequestConfig> = {
  name: leastRequestName,
  Config: LeastRequestConfig,
  weigh: (weight, share) => weight * share,
  createStrategy: ({ choiceCount }, random) => new LeastRequestStrategy({ choiceCount, random }),
};
