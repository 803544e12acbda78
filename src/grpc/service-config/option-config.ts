import { RollcallError } from '../../core/errors.js';
import type { CheckedServiceConfig } from './checked.js';
import { parseServiceConfig } from './parse.js';
import { parsePolicy } from './policy-option.js';

/**
 * The options `policy` and `serviceConfig` as one config; `undefined` if neither is given.
 * @param of whose options, for messages: "registerResolver"
 * @throws RollcallError INVALID_CONFIG, also if both name a policy.
 */
export function parseConfigOptions({ policy, serviceConfig }: { readonly policy?: unknown; readonly serviceConfig?: unknown }, of: string): CheckedServiceConfig | undefined {
  const config = serviceConfig === undefined ? undefined : parseServiceConfig(serviceConfig, `option "serviceConfig" of ${of}`);
  if (policy === undefined) return config;
  if (config?.loadBalancingConfig !== undefined) {
    throw new RollcallError('INVALID_CONFIG', `options "policy" and "serviceConfig" of ${of} both name a load balancing policy; leave one away`);
  }
  return { methodConfig: [], ...config, loadBalancingConfig: parsePolicy(policy, of) };
}
