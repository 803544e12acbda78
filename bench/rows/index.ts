import type { Row } from '../row.js';
import { callRows } from './calls.js';
import { pickRows } from './pick.js';
import { updateRows } from './update.js';

/** In the order of the table. */
export const rows: readonly Row[] = [...callRows, ...pickRows, ...updateRows];
