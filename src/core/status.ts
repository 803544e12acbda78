import type { RollcallError } from './errors.js';

/**
 * How a port stands with its backend.
 * - `connecting`: the backend has not answered yet.
 * - `live`: the backend answers, and what we show of it, or have stored in it, is up to date.
 * - `stale`: the backend is out of reach, or a watch or a registration has not caught up yet. Everything known stays in use.
 * - `closed`: `close()` was called.
 */
export type PortState = 'connecting' | 'live' | 'stale' | 'closed';

/** A moment of one port, frozen. Ask again for the next. */
export interface PortStatus {
  readonly state: PortState;
  /** When the state was entered, in milliseconds since the epoch. */
  readonly since: number;
  /** The newest trouble, kept after it is over. While `stale`, it is why. */
  readonly lastError?: RollcallError;
  /** When that was, in milliseconds since the epoch. */
  readonly lastErrorAt?: number;
  /** The member of the backend in use; absent while there is none, and for a backend without members. */
  readonly member?: string;
  /** The newest revision of the backend that we heard of, a decimal number of any size. */
  readonly revision?: string;
  /** When we last heard of it, in milliseconds since the epoch: its age tells how long the backend has been silent. */
  readonly revisionAt?: number;
}

/** How long keepalives took to be answered, in milliseconds, since the registry was opened. */
export interface KeepaliveTimes {
  readonly last: number;
  readonly max: number;
  readonly mean: number;
}

/** Since the registry was opened; they only grow. */
export interface RegistryCounters {
  /** How often the connection was found again. */
  readonly reconnects: number;
  /** Leases that ran out or were revoked, and were granted again. */
  readonly lostLeases: number;
  /** Registrations that went from `active` to `recovering`. */
  readonly lostRegistrations: number;
  /** Registrations that a newer owner took over. */
  readonly superseded: number;
  /** Keepalives that were answered. */
  readonly keepalives: number;
  readonly keepaliveMs?: KeepaliveTimes;
}

export interface RegistryStatus extends PortStatus {
  /** Registrations by state; those that ended are not counted. */
  readonly registrations: { readonly active: number; readonly recovering: number };
  readonly counters: RegistryCounters;
}

/** Since the discovery was opened; they only grow. */
export interface DiscoveryCounters {
  /** How often the connection was found again. */
  readonly reconnects: number;
  /** How often a watched service was read again as a whole after a gap. */
  readonly resyncs: number;
  /** How often the backend turned out to have another history: restored from a backup, or another cluster. */
  readonly historyChanges: number;
}

export interface DiscoveryStatus extends PortStatus {
  /** Services that somebody watches, by how they stand; `starting` ones have no snapshot yet. */
  readonly services: { readonly live: number; readonly stale: number; readonly starting: number };
  readonly counters: DiscoveryCounters;
}
