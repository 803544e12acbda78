import { type ChannelOptions, experimental } from '@grpc/grpc-js';

import { systemClock } from '../../../src/core/clock.js';
import { type ChannelControlHelper, createChildChannelControlHelper, type Endpoint, type LoadBalancer, type Picker, registerLoadBalancerType, type StatusOr, type TypedLoadBalancingConfig } from '../../../src/grpc/experimental.js';
import { type HealthCheckEvents, healthCheckedHelper, type HealthCheckOptions, unwrapHealthChecked } from '../../../src/grpc/health/health-checked-subchannel.js';

export const healthPolicyName = 'health_checked_for_tests';

/** What the policy made next is given; grpc-js makes policies itself and passes them nothing. */
export const healthPolicy: { options: HealthCheckOptions; events: HealthCheckEvents | undefined } = {
  options: { service: '', clock: systemClock, random: () => 1 },
  events: undefined,
};

/** grpc-js's round_robin, whose leaves are those of every policy, with health checking as a policy of ours does it. */
class HealthPolicy implements LoadBalancer {
  readonly #child: LoadBalancer;

  constructor(helper: ChannelControlHelper) {
    const checked = createChildChannelControlHelper(healthCheckedHelper(helper, healthPolicy.options, healthPolicy.events), {
      updateState: (state, picker, errorMessage) => {
        helper.updateState(state, unwrapping(picker), errorMessage);
      },
    });
    this.#child = new experimental.ChildLoadBalancerHandler(checked);
  }

  updateAddressList(endpoints: StatusOr<Endpoint[]>, _config: TypedLoadBalancingConfig, options: ChannelOptions, note: string): boolean {
    return this.#child.updateAddressList(endpoints, experimental.parseLoadBalancingConfig({ round_robin: {} }), options, note);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return healthPolicyName;
  }
}

class HealthPolicyConfig implements TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return healthPolicyName;
  }

  toJsonObject(): object {
    return { [healthPolicyName]: {} };
  }

  static createFromJson(): HealthPolicyConfig {
    return new HealthPolicyConfig();
  }
}

function unwrapping(picker: Picker): Picker {
  return { pick: (args) => unwrapHealthChecked(picker.pick(args)) };
}

registerLoadBalancerType(healthPolicyName, HealthPolicy, HealthPolicyConfig);
