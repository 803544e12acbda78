/** The bridge to grpc-js: a resolver and balancer for clients, a life cycle for servers. Knows the ports, no backend. */
export { roundRobinName } from './balancer/round-robin-config.js';
export type { ChannelStatus } from './channel-status.js';
export { registerResolver, type RegisterResolverOptions, type ResolverHandle } from './register-resolver.js';
export {
  type HealthService,
  serve,
  type ServeOptions,
  type ServingHandle,
  type ServingState,
  type ServingStatus,
  type SignalSource,
  stopOnSignals,
  type StopOnSignalsOptions,
  type StopOptions,
  type StopSignal,
} from './serve.js';
export type { ServerNameOption } from './server-name.js';
export { withServiceConfig } from './service-config/publish.js';
export type { EjectionInit, OutlierDetectionInit, PolicyOption } from './service-config/policy-option.js';
export type { HedgingPolicyInit, MethodConfigInit, RetryPolicyInit, RetryThrottlingInit, ServiceConfigInit } from './service-config/service-config-init.js';
export type { ServiceOptions } from './service-options.js';
