import { RollcallError } from '../../core/errors.js';
import { parseServiceConfig } from './parse.js';
import type { ServiceConfigInit } from './service-config-init.js';

/** Under which key of an instance's metadata its service's config stands, as JSON. */
export const serviceConfigKey = 'grpc.service_config';

/**
 * The metadata with a service config for the clients of the service. They take that of the record written last, so that all agree while
 * a new one is rolled out, and what they say themselves goes before it.
 * @throws RollcallError INVALID_CONFIG, also for what would have no effect with clients on grpc-js.
 */
export function withServiceConfig(
  metadata: Readonly<Record<string, string>> | undefined,
  serviceConfig: ServiceConfigInit | string,
): Readonly<Record<string, string>> {
  parseServiceConfig(serviceConfig, 'the published service config');
  if (metadata !== undefined && Object.hasOwn(metadata, serviceConfigKey)) {
    throw new RollcallError('INVALID_CONFIG', `the metadata has ${serviceConfigKey} already`);
  }
  const json: unknown = typeof serviceConfig === 'string' ? JSON.parse(serviceConfig) : serviceConfig;
  return { ...metadata, [serviceConfigKey]: JSON.stringify(json) };
}
