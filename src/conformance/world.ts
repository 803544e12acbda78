import type { Backend } from '../core/adapter.js';
import type { Seconds } from '../core/ports.js';

/**
 * What an adapter under test can show beyond the bare ports. A case that needs one which is not in the manifest
 * appears in the output as "not shown".
 * - `fields`: records carry id, weight, version, zone and metadata (a layout that keeps addresses only cannot).
 * - `interrupt`: `interrupt` and `restore` · `freeze`: `freeze` and `thaw` · the others: the hook of that name.
 */
export type Feature = 'fields' | 'loseLease' | 'interrupt' | 'corrupt' | 'freeze' | 'watches' | 'leases';

/** One backend with nobody connected, made for one case. Hooks may return a promise; it is awaited. */
export interface World {
  /** Opens one more connection, as another process would. The suite closes it. */
  connect(): Promise<Backend>;
  /** The shortest TTL worth testing with; registrations ask for it. */
  readonly ttl: Seconds;
  /**
   * How long anything may take, in milliseconds, before the suite calls it a failure: more than two TTLs, and more than
   * the adapter's own time limit for one request.
   */
  readonly patience: number;
  /** Frees what the world itself holds. Called once, after the connections are closed. */
  close(): unknown;
  /** Lets time pass where the adapter runs on a clock that somebody has to move. Default: real time. */
  pass?(ms: number): Promise<void>;
  /** Revokes the leases of this connection behind its back. */
  loseLease?(backend: Backend): unknown;
  /** Makes the backend unreachable for this connection alone, until `restore`. */
  interrupt?(backend: Backend): unknown;
  restore?(backend: Backend): unknown;
  /** Puts bytes that are no record where the record of (service, id) belongs, under no lease. */
  corrupt?(service: string, id: string): unknown;
  /** Stops this connection as if its process hung: no keepalive, deaf to news. Calls through its ports need not work. */
  freeze?(backend: Backend): unknown;
  thaw?(backend: Backend): unknown;
  /** How many watches the backend serves for this service, of all connections of this world. */
  watches?(service: string): number | Promise<number>;
  /** How many leases the backend holds, of all connections of this world and of no others. */
  leases?(): number | Promise<number>;
}
