import type { Scenario } from '../scenario.js';
import { backlog } from './backlog.js';
import { compacted } from './compacted.js';
import { killed } from './killed.js';
import { largeBacklog } from './large-backlog.js';
import { largeService } from './large-service.js';
import { leader } from './leader.js';
import { quorum } from './quorum.js';
import { restored } from './restored.js';
import { revoked } from './revoked.js';
import { blackholed, frozen } from './silent-member.js';
import { suspended } from './suspended.js';
import { token } from './token.js';

/** In the order of the table. */
export const scenarios: readonly Scenario[] = [killed, backlog, compacted, frozen, blackholed, leader, quorum, restored, token, revoked, suspended, largeService, largeBacklog];
