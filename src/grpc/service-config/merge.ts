import type { MethodConfig } from '@grpc/grpc-js';

import type { CheckedServiceConfig } from './checked.js';
import { nameKey } from './method-name.js';

/**
 * One service config of several, the first going before the next. A top-level field is that of the first that has it. Method entries are
 * taken by name: an entry loses the names that one before it has, and keeps the others; entries are never mixed, as nowhere in gRPC.
 * A call still finds the most specific name of all (method, service, `{}`), whoever gave it: grpc-js looks for them in that order.
 */
export function mergeServiceConfigs(configs: readonly (CheckedServiceConfig | undefined)[]): CheckedServiceConfig {
  const given = configs.filter((config) => config !== undefined);
  const [only] = given;
  if (only !== undefined && given.length === 1) return only;
  const merged: { -readonly [K in keyof CheckedServiceConfig]: CheckedServiceConfig[K] } = { methodConfig: mergeMethods(given) };
  for (const { loadBalancingConfig, retryThrottling, healthCheckConfig } of given) {
    if (loadBalancingConfig !== undefined) merged.loadBalancingConfig ??= loadBalancingConfig;
    if (retryThrottling !== undefined) merged.retryThrottling ??= retryThrottling;
    if (healthCheckConfig !== undefined) merged.healthCheckConfig ??= healthCheckConfig;
  }
  return merged;
}

function mergeMethods(configs: readonly CheckedServiceConfig[]): MethodConfig[] {
  const taken = new Set<string>();
  const merged: MethodConfig[] = [];
  for (const { methodConfig } of configs) {
    for (const entry of methodConfig) {
      const name = entry.name.filter((each) => !taken.has(nameKey(each)));
      for (const each of name) taken.add(nameKey(each));
      if (name.length > 0) merged.push(name.length === entry.name.length ? entry : { ...entry, name });
    }
  }
  return merged;
}
