import { channel } from 'node:diagnostics_channel';

import type { ServiceInstance } from './instance.js';
import type { Discovery, Registration, RegistrationDetail, RegistrationState, Registry, Seconds } from './ports.js';
import type { Snapshot } from './snapshot.js';
import type { DiscoveryStatus, RegistryStatus } from './status.js';

/**
 * What is published for tracers and metrics, by channel name; subscribe with `node:diagnostics_channel`. A message is made
 * only where somebody subscribed. As Node has it, a subscriber that throws is an uncaught exception of the program.
 */
export interface DiagnosticMessages {
  /** A registry changed its state, its member, or both. */
  'rollcall:registry': { readonly registry: Registry; readonly status: RegistryStatus };
  'rollcall:discovery': { readonly discovery: Discovery; readonly status: DiscoveryStatus };
  /** A registration changed its state. */
  'rollcall:registration': { readonly registration: Registration; readonly instance: ServiceInstance; readonly state: RegistrationState; readonly detail: RegistrationDetail };
  /** A watched service has a new snapshot. */
  'rollcall:watch': { readonly snapshot: Snapshot };
  /** A channel of grpc-js was told whom to call: `ChannelStatus` of `rollcall/grpc`. */
  'rollcall:resolution': object;
  /** A keepalive of a lease was answered. */
  'rollcall:keepalive': { readonly ms: number; readonly ttl: Seconds; readonly member?: string };
}

/** Publishes on one channel; `message` is called only where somebody listens. */
export function publish<Name extends keyof DiagnosticMessages>(name: Name, message: () => DiagnosticMessages[Name]): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(message());
}
