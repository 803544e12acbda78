import type { Client } from './client.js';
import { etcd3 } from './etcd3.js';
import { rollcall } from './rollcall.js';

/** In the order in which they take turns, and of the columns. */
export const clients: readonly Client[] = [rollcall, etcd3];
