import type { ChannelOptions } from '@grpc/grpc-js';

import { createInstance, type ServiceInstance } from '../../../src/core/instance.js';
import { attributesWith } from '../../../src/grpc/balancer/context.js';
import { systemClock } from '../../../src/core/clock.js';
import { endpointOf } from '../../../src/grpc/endpoint.js';
import { type GrpcUri, registerResolverClass, type Resolver, type ResolverListener, statusOrFromValue } from '../../../src/grpc/experimental.js';
import type { CheckedServiceConfig } from '../../../src/grpc/service-config/checked.js';
import { publishedServiceConfig } from '../../../src/grpc/service-config/published.js';
import { ServiceConfigs } from '../../../src/grpc/service-config/service-configs.js';

/** Instances and options of the one target `layers:///svc`, given to grpc-js the way that the resolver does, and nothing around it. */
export interface Layers {
  instances: readonly { readonly id: string; readonly address: string; readonly metadata?: Readonly<Record<string, string>> }[];
  options?: CheckedServiceConfig | undefined;
}

export const layers: Layers = { instances: [] };

const attributes = attributesWith({ clock: systemClock, random: () => 0 });

class LayeredResolver implements Resolver {
  readonly #listener: ResolverListener;
  readonly #configs: ServiceConfigs;
  #told = false;

  constructor(_target: GrpcUri, listener: ResolverListener, channel: ChannelOptions) {
    this.#listener = listener;
    this.#configs = new ServiceConfigs({ channel, options: layers.options });
  }

  updateResolution(): void {
    if (this.#told) return;
    this.#told = true;
    const instances: ServiceInstance[] = layers.instances.map((each) => createInstance({ service: 'svc', ...each }));
    const { resolved } = this.#configs.with(publishedServiceConfig(instances, () => undefined));
    setImmediate(() => this.#listener(statusOrFromValue(instances.map((each) => endpointOf(each))), attributes, statusOrFromValue(resolved), ''));
  }

  destroy(): void {
    this.#told = false;
  }

  static getDefaultAuthority(): string {
    return 'svc';
  }
}

export function registerLayers(): void {
  registerResolverClass('layers', LayeredResolver);
}
