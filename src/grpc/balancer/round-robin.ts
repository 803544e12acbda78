import type { Policy } from './policy.js';
import { RoundRobinConfig, roundRobinName } from './round-robin-config.js';
import { TurnStrategy } from './turn-strategy.js';

/** Strict rotation: each call goes to the instance that has waited longest. Only a share below 1 makes somebody wait longer. */
export const roundRobin: Policy<RoundRobinConfig> = {
  name: roundRobinName,
  Config: RoundRobinConfig,
  weigh: (_weight, share) => share,
  createStrategy: () => new TurnStrategy(),
};
