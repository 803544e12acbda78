import { registerLoadBalancerType } from '../experimental.js';
import { RoundRobinBalancer } from './round-robin.js';
import { RoundRobinConfig, roundRobinName } from './round-robin-config.js';

/**
 * Makes the policies of this package known to grpc-js. A function, not an effect of importing: the package declares itself
 * free of side effects, so a bundler may drop a bare import.
 */
export function registerPolicies(): void {
  registerLoadBalancerType(roundRobinName, RoundRobinBalancer, RoundRobinConfig);
}
