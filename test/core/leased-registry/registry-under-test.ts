import { RollcallError } from '../../../src/core/errors.js';
import type { InstanceInit } from '../../../src/core/instance.js';
import { LeasedRegistry } from '../../../src/core/leased-registry.js';
import type { Registration, RegistrationState } from '../../../src/core/ports.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLeaseStore } from '../../support/fake-lease-store.js';
import { fakeLogger } from '../../support/fake-logger.js';

/** A registry over stubs, on a clock of the test's; `backoff` always waits the whole bound. */
export function registryUnderTest(): { registry: LeasedRegistry; store: FakeLeaseStore; clock: FakeClock; logger: ReturnType<typeof fakeLogger> } {
  const store = new FakeLeaseStore();
  const clock = new FakeClock();
  const logger = fakeLogger();
  const registry = new LeasedRegistry(
    (events) => {
      store.events = events;
      return store;
    },
    { clock, logger, random: () => 1 - Number.EPSILON, timeoutMs: 1000, backoff: { initialMs: 100, maxMs: 400 } },
  );
  return { registry, store, clock, logger };
}

export const init = (id: string, more: Partial<InstanceInit> = {}): InstanceInit => ({ service: 's', address: 'h:1', id, ...more });
export const outage = new RollcallError('UNAVAILABLE', 'etcd is away');
export const refused = new RollcallError('PERMISSION_DENIED', 'not below this prefix');
export const leaseLost = new RollcallError('UNAVAILABLE', 'the lease ran out');

/** Every state the handle enters from now on. */
export function statesOf(registration: Registration): RegistrationState[] {
  const states: RegistrationState[] = [];
  registration.subscribe((state) => states.push(state));
  return states;
}
