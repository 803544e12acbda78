import { quote } from '../../core/quote.js';
import { defaultAttemptsLimit } from './attempts.js';
import type { CheckedServiceConfig } from './checked.js';
import { fieldsOf, Findings, type Strictness } from './findings.js';
import { readLoadBalancing, readPolicyName } from './load-balancing.js';
import { readMethodConfigs } from './method-config.js';
import { readRetryThrottling } from './retry-throttling.js';

export interface ReadOptions {
  readonly strictness: Strictness;
  /** What the channel allows by `grpc-node.retry_max_attempts_limit`. Default 5. */
  readonly attemptsLimit?: number;
}

export interface ReadServiceConfig {
  readonly config: CheckedServiceConfig;
  /** What was left aside or has no effect; empty after a strict reading. */
  readonly warnings: readonly string[];
}

/**
 * Reads a service config (JSON text, or the object that it stands for) and checks all of it: grpc-js checks that of a channel in part
 * and that of a resolver not at all, and falls back in silence. What would have no effect is an error too.
 * @param of whose it is, for messages: `option "serviceConfig" of registerResolver`
 * @throws RollcallError INVALID_CONFIG, naming the path: `methodConfig[0].retryPolicy.maxAttempts 1 is not a whole number from 2 to 5`.
 */
export function parseServiceConfig(value: unknown, of: string): CheckedServiceConfig {
  return readServiceConfig(value, of, { strictness: 'strict' }).config;
}

/** The same for either strictness. Unknown fields and fields without effect are warnings in a lenient reading, wrong values never. */
export function readServiceConfig(value: unknown, of: string, { strictness, attemptsLimit = defaultAttemptsLimit }: ReadOptions): ReadServiceConfig {
  const findings = new Findings(of, strictness);
  const json = typeof value === 'string' ? jsonOf(findings, value) : value;
  const fields = fieldsOf(findings, '', json, ['methodConfig', 'loadBalancingConfig', 'loadBalancingPolicy', 'retryThrottling', 'healthCheckConfig']);
  const policy = readLoadBalancing(findings, 'loadBalancingConfig', fields.loadBalancingConfig ?? []);
  if (policy !== undefined && fields.loadBalancingPolicy !== undefined) findings.doubt('loadBalancingPolicy is the older form of loadBalancingConfig, which stands there too');
  const named = policy === undefined && fields.loadBalancingPolicy !== undefined ? readPolicyName(findings, 'loadBalancingPolicy', fields.loadBalancingPolicy) : undefined;
  const chosen = policy ?? named;
  const config: CheckedServiceConfig = {
    methodConfig: readMethodConfigs(findings, 'methodConfig', fields.methodConfig ?? [], attemptsLimit),
    ...(chosen === undefined ? {} : { loadBalancingConfig: chosen }),
    ...(fields.retryThrottling === undefined ? {} : { retryThrottling: readRetryThrottling(findings, 'retryThrottling', fields.retryThrottling) }),
    ...(fields.healthCheckConfig === undefined ? {} : { healthCheckConfig: readHealthCheck(findings, 'healthCheckConfig', fields.healthCheckConfig) }),
  };
  return { config, warnings: findings.warnings };
}

/** gRFC A17. */
function readHealthCheck(findings: Findings, path: string, value: unknown): { readonly serviceName?: string } {
  const { serviceName } = fieldsOf(findings, path, value, ['serviceName']);
  if (serviceName === undefined) return {};
  if (typeof serviceName !== 'string') findings.error(`${path}.serviceName is ${quote(serviceName)}, not a text`);
  return { serviceName };
}

function jsonOf(findings: Findings, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return findings.error(`it is not JSON: ${(error as Error).message}`);
  }
}
