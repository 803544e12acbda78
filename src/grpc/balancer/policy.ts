import type { Random } from '../../core/random.js';
import type { LoadBalancingConfigConstructor, TypedLoadBalancingConfig } from '../experimental.js';
import type { Member, Strategy } from './strategy.js';

/** A load balancing policy of this package: what `InstanceBalancer` needs to become it. */
export interface Policy<Config extends TypedLoadBalancingConfig = TypedLoadBalancingConfig> {
  /** As it stands in a service config. */
  readonly name: string;
  /** grpc-js makes configurations by its `createFromJson`, and tells them apart by nothing but their class. */
  readonly Config: LoadBalancingConfigConstructor & (new (...args: never[]) => Config);
  /** What counts as the weight of an instance, from its own weight, above 0, and the share of it that it gets now. */
  weigh(weight: number, share: number): number;
  createStrategy<T extends Member>(config: Config, random: Random): Strategy<T>;
}
