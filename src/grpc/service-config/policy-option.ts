import { RollcallError } from '../../core/errors.js';
import { nearest } from '../../core/options.js';
import { quote } from '../../core/quote.js';
import { registerPolicies } from '../balancer/register.js';
import { isLoadBalancerNameRegistered } from '../experimental.js';
import type { LoadBalancingConfig } from './checked.js';
import { Findings } from './findings.js';
import { readOnePolicy } from './load-balancing.js';

/**
 * How calls are spread over the instances: the policies of this package, by their names without `rollcall_`, and grpc-js's outlier
 * detection around one of them. Any other policy goes into `serviceConfig.loadBalancingConfig`.
 */
export type PolicyOption =
  | 'round_robin'
  | 'weighted_round_robin'
  | 'least_request'
  | { readonly round_robin: object }
  | { readonly weighted_round_robin: object }
  | { readonly least_request: { readonly choiceCount?: number | undefined } }
  | { readonly ring_hash: { readonly metadataKey: string } }
  | { readonly outlier_detection: OutlierDetectionInit };

/** gRFC A50: instances whose calls fail conspicuously are left out for a while. Durations are texts such as "10s". */
export interface OutlierDetectionInit {
  /** How often is looked. Default "10s". */
  readonly interval?: string | undefined;
  /** How long an instance is out the first time; so much longer each time more. Default "30s". */
  readonly baseEjectionTime?: string | undefined;
  /** Default "300s". */
  readonly maxEjectionTime?: string | undefined;
  /** Of all instances, from 0 to 100; one may always be out. Default 10. */
  readonly maxEjectionPercent?: number | undefined;
  /** Compares the instances with each other. One of the two ejections is needed, or nobody is ever ejected. */
  readonly successRateEjection?: EjectionInit & { readonly stdevFactor?: number | undefined };
  /** Compares each with a threshold in percent of failed calls. Default 85. */
  readonly failurePercentageEjection?: EjectionInit & { readonly threshold?: number | undefined };
  /** Who chooses among the rest. Default `round_robin`. */
  readonly childPolicy?: PolicyOption | undefined;
}

export interface EjectionInit {
  /** How likely an outlier is really ejected, from 0 to 100. Default 100. */
  readonly enforcementPercentage?: number | undefined;
  /** With fewer instances nobody is ejected. Default 5. */
  readonly minimumHosts?: number | undefined;
  /** Calls that an instance must have had within the interval to be judged. Default 100 for the success rate, 50 for the percentage. */
  readonly requestVolume?: number | undefined;
}

const prefix = 'rollcall_';
const own = ['round_robin', 'weighted_round_robin', 'least_request', 'ring_hash'];

/**
 * The option `policy` as an entry of `loadBalancingConfig`.
 * @param of whose option, for messages: "registerResolver"
 * @throws RollcallError INVALID_CONFIG, naming the policy and those that are known.
 */
export function parsePolicy(value: unknown, of: string): LoadBalancingConfig {
  registerPolicies();
  return readOnePolicy(new Findings(`option "policy" of ${of}`, 'strict'), '', translate(value, of));
}

function translate(value: unknown, of: string): LoadBalancingConfig {
  if (typeof value === 'string') return translate({ [value]: {} }, of);
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value as Record<string, unknown>) : [];
  const [first, ...others] = entries;
  if (first === undefined || others.length > 0) throw invalid(of, `is ${quote(value)}, not the name of a policy or { name: configuration }`);
  const [name, config] = first;
  if (name === 'outlier_detection') return { [name]: withChild(config, of) as object };
  const known = own.filter((each) => isLoadBalancerNameRegistered(prefix + each));
  if (known.includes(name)) return { [prefix + name]: config as object };
  const near = nearest(name.replace(prefix, ''), [...known, 'outlier_detection']);
  const hint = near === undefined ? '.' : `; did you mean ${quote(near)}?`;
  throw invalid(of, `names ${quote(name)}, which is not known here${hint} Known are ${[...known, 'outlier_detection'].join(', ')}`);
}

/** The child is a policy of this option too, so that one spelling holds throughout. */
function withChild(config: unknown, of: string): unknown {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
  const { childPolicy = 'round_robin', ...rest } = config as { readonly childPolicy?: unknown };
  return { ...rest, childPolicy: [translate(childPolicy, of)] };
}

function invalid(of: string, what: string): RollcallError {
  return new RollcallError('INVALID_CONFIG', `option "policy" of ${of} ${what}`);
}
