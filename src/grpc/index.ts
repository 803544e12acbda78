/** The bridge to grpc-js: a resolver and balancer for clients, a life cycle for servers. Knows the ports, no backend. */
export { roundRobinName } from './balancer/round-robin-config.js';
export { registerResolver, type RegisterResolverOptions, type ResolverHandle } from './register-resolver.js';
export { serve, type ServeOptions, type ServingHandle } from './serve.js';
