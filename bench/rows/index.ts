import type { Row } from '../row.js';
import { burstRows } from './burst.js';
import { callRows } from './calls.js';
import { changeRows } from './change.js';
import { firstSnapshotRows } from './first-snapshot.js';
import { idleRows } from './idle.js';
import { importRows } from './import.js';
import { memoryRows } from './memory.js';
import { pickRows } from './pick.js';
import { recoveryRow } from './recovery.js';
import { registerManyRows } from './register-many.js';
import { registerSeenRow } from './register-seen.js';
import { updateRows } from './update.js';
import { wireRow } from './wire.js';

/** In the order of the table. */
export const rows: readonly Row[] = [
  registerSeenRow,
  ...registerManyRows,
  ...firstSnapshotRows,
  ...changeRows,
  ...burstRows,
  ...memoryRows,
  ...callRows,
  ...pickRows,
  ...updateRows,
  ...idleRows,
  wireRow,
  ...importRows,
  recoveryRow,
];
