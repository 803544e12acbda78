import { type ChannelControlHelper, type LoadBalancerConstructor, registerLoadBalancerType } from '../experimental.js';
import { InstanceBalancer } from './instance-balancer.js';
import { policies } from './policies.js';
import type { Policy } from './policy.js';

/**
 * Makes the policies of this package known to grpc-js. A function, not an effect of importing: the package declares itself
 * free of side effects, so a bundler may drop a bare import.
 */
export function registerPolicies(): void {
  for (const policy of policies) registerLoadBalancerType(policy.name, balancerClass(policy), policy.Config);
}

function balancerClass(policy: Policy): LoadBalancerConstructor {
  return class extends InstanceBalancer {
    constructor(helper: ChannelControlHelper) {
      super(policy, helper);
    }
  };
}
