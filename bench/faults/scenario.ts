import type { Client } from './clients/client.js';
import type { Teardown } from '../support/teardown.js';

/** How long a run waits for something before it says "never", in milliseconds. */
export const patience = 30_000;

export type Value =
  /** `null`: not within the patience. */
  | { readonly ms: number | null }
  | { readonly count: number; readonly of?: number };

/** What one run measured: what it is, and the figure. */
export type Outcome = Readonly<Record<string, Value>>;

export interface Scenario {
  /** For the command line. */
  readonly name: string;
  /** The fault in words, as in the table. */
  readonly fault: string;
  /** The file of `test/faults`, without its ending, that holds rollcall to it. */
  readonly test: string;
  /** What runs at the same time: nothing; or at most one scenario each with one member and with three, since they mostly wait. */
  readonly lane: 'alone' | 'single' | 'cluster';
  /** Takes the fault on with one client, from a new etcd to its end. */
  run(client: Client, undo: Teardown): Promise<Outcome>;
}
