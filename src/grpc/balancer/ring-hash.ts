import type { Policy } from './policy.js';
import { RingHashConfig, ringHashName } from './ring-hash-config.js';
import { RingHashStrategy } from './ring-hash-strategy.js';

/**
 * The calls of one key go to one instance (in the spirit of gRFC A42). The share of a newcomer is left aside: as it grew, keys would move on
 * every step, and each would find an instance that does not know it.
 */
export const ringHash: Policy<RingHashConfig> = {
  name: ringHashName,
  Config: RingHashConfig,
  weigh: (weight) => weight,
  createStrategy: (config, random) => new RingHashStrategy(config, random),
};
