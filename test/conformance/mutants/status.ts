import type { DiscoveryStatus, RegistryStatus } from '../../../src/core/index.js';
import { type Faults, replacing } from '../broken-memory.js';
import type { Mutant } from './mutant.js';

/** They say something wrong about themselves. */
export const statusMutants: readonly Mutant[] = [
  { law: 'status', fault: 'calls a registry live whatever happens', faults: registryStatus((status) => ({ ...status, state: 'live' })) },
  { law: 'status', fault: 'calls a discovery live whatever happens', faults: discoveryStatus((status) => ({ ...status, state: 'live' })) },
  { law: 'status', fault: 'does not count its registrations', faults: registryStatus((status) => ({ ...status, registrations: { active: 0, recovering: 0 } })) },
  { law: 'status', fault: 'does not count what is watched', faults: discoveryStatus((status) => ({ ...status, services: { live: 0, stale: 0, starting: 0 } })) },
  { law: 'status', fault: 'keeps to itself why it is stale', faults: discoveryStatus((status) => ({ ...status, lastError: undefined, lastErrorAt: undefined }) as never) },
  { law: 'status', fault: 'does not count what was lost', faults: registryStatus((status) => ({ ...status, counters: { ...status.counters, lostRegistrations: 0 } })) },
  { law: 'status', fault: 'tells no subscriber of a registry', faults: { registry: (registry) => replacing(registry, { subscribe: silence }) } },
  { law: 'status', fault: 'tells no subscriber of a discovery', faults: { discovery: (discovery) => replacing(discovery, { subscribe: silence }) } },
];

function silence(): Disposable {
  return { [Symbol.dispose]: () => undefined };
}

function registryStatus(alter: (status: RegistryStatus) => RegistryStatus): Faults {
  return { registry: (registry) => reading(registry, () => Object.freeze(alter(registry.status))) };
}

function discoveryStatus(alter: (status: DiscoveryStatus) => DiscoveryStatus): Faults {
  return { discovery: (discovery) => reading(discovery, () => Object.freeze(alter(discovery.status))) };
}

/** The port with another status, worked out each time it is asked for. */
function reading<Port extends { readonly status: unknown }>(port: Port, status: () => Port['status']): Port {
  return replacing(port, Object.defineProperty({}, 'status', { get: status, enumerable: true }) as Partial<Port>);
}
