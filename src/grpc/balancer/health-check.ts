import { type HealthCheckEvents, type HealthCheckOptions, healthCheckedHelper, unwrapHealthChecked } from '../health/health-checked-subchannel.js';
import type { ChannelControlHelper, PickResult } from '../experimental.js';

/** Client-side health checking as a policy uses it. Handed in, so that a policy can be tested without connections. */
export interface HealthCheck {
  wrap(helper: ChannelControlHelper, options: HealthCheckOptions, events: HealthCheckEvents): ChannelControlHelper;
  unwrap(result: PickResult): PickResult;
}

/** Over the standard health service (gRFC A17). */
export const connectionHealth: HealthCheck = { wrap: healthCheckedHelper, unwrap: unwrapHealthChecked };
