import { leastRequest } from './least-request.js';
import type { Policy } from './policy.js';
import { ringHash } from './ring-hash.js';
import { roundRobin } from './round-robin.js';
import { weightedRoundRobin } from './weighted-round-robin.js';

/** Every load balancing policy of this package. */
export const policies: readonly Policy[] = [roundRobin, weightedRoundRobin, leastRequest, ringHash];
