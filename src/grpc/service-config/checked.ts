import type { MethodConfig, ServiceConfig } from '@grpc/grpc-js';

/** One policy, as `{ name: configuration }`. */
export type LoadBalancingConfig = ServiceConfig['loadBalancingConfig'][number];

export type RetryThrottling = NonNullable<ServiceConfig['retryThrottling']>;

/** A service config that was read and found good: in grpc-js's form, with what has an effect and nothing else. */
export interface CheckedServiceConfig {
  readonly methodConfig: readonly MethodConfig[];
  /** The one policy that was chosen. */
  readonly loadBalancingConfig?: LoadBalancingConfig;
  readonly retryThrottling?: RetryThrottling;
  /** Without a `serviceName` it says: no health checking. */
  readonly healthCheckConfig?: { readonly serviceName?: string };
}
