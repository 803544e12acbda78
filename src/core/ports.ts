import type { RollcallError } from './errors.js';
import type { InstanceChange, InstanceInit, ServiceInstance } from './instance.js';
import type { Snapshot } from './snapshot.js';
import type { DiscoveryStatus, RegistryStatus } from './status.js';

export type Seconds = number;

/** Lets a caller stop waiting; the call then rejects with code ABORTED (law 10). */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface RegisterOptions extends Cancellable {
  /**
   * How long the record outlives this process when it dies without a word. Default: the registry's own, 5.
   * All registrations of one registry with the same TTL share one lease (law 11).
   */
  readonly ttl?: Seconds | undefined;
}

/** The write port: how a server answers the roll. */
export interface Registry extends AsyncDisposable {
  /**
   * Stores the instance and keeps it stored until `deregister` or `close`; resolves once the record is stored (law 6).
   * A record of an earlier owner with the same id is replaced: the newest owner wins (law 8).
   * @throws RollcallError INVALID_*, RECORD_TOO_LARGE; ALREADY_REGISTERED if this registry holds that id;
   *   UNAVAILABLE or TIMEOUT if the backend cannot be reached in time (nothing stays behind); ABORTED; CLOSED.
   */
  register(instance: InstanceInit, options?: RegisterOptions): Promise<Registration>;
  /** How it stands with the backend and with its registrations, now: for readiness probes and metrics. */
  readonly status: RegistryStatus;
  /** Called on each change of the status's state or member, not for the present one. */
  subscribe(listener: (status: RegistryStatus) => void): Disposable;
  /** Takes back every registration and frees everything, within a bound even if the backend is gone (law 9). Idempotent. */
  close(): Promise<void>;
}

/**
 * - `active`: the record is stored and its lease kept alive, as far as we know.
 * - `recovering`: the record or its lease was lost, or the backend has been silent for longer than the TTL; being written again.
 * - `superseded`: a newer owner registered the same id; this handle has stopped for good.
 * - `closed`: deregistered.
 */
export type RegistrationState = 'active' | 'recovering' | 'superseded' | 'closed';

export interface RegistrationDetail {
  /** When the state was entered, in milliseconds since the epoch. */
  readonly since: number;
  /** What caused it, where it was not the owner's own wish. */
  readonly reason?: RollcallError;
}

/** The live handle of one registered instance. */
export interface Registration extends AsyncDisposable {
  /** As stored by the last `register` or `update`. */
  readonly instance: ServiceInstance;
  readonly state: RegistrationState;
  readonly detail: RegistrationDetail;
  /** Called on each change of state, not for the present one. */
  subscribe(listener: (state: RegistrationState, detail: RegistrationDetail) => void): Disposable;
  /**
   * Changes what is published; resolves once stored. Fields left out stay; metadata is replaced as a whole.
   * @throws RollcallError INVALID_INSTANCE, RECORD_TOO_LARGE, SUPERSEDED, CLOSED, UNAVAILABLE, TIMEOUT.
   *   After UNAVAILABLE or TIMEOUT the change stays wanted and is stored as soon as the backend lets it.
   */
  update(change: InstanceChange, options?: Cancellable): Promise<void>;
  /**
   * Removes the record if it is still this owner's (law 8); resolves once it is gone. Idempotent.
   * @throws RollcallError UNAVAILABLE or TIMEOUT if the backend did not answer in time; removal goes on in the background.
   */
  deregister(): Promise<void>;
}

/** The read port: how a client reads the roll. */
export interface Discovery extends AsyncDisposable {
  /**
   * The service as the backend has it now, never from a cache. An unknown service is an empty snapshot (law 1).
   * @throws RollcallError INVALID_SERVICE, UNAVAILABLE, TIMEOUT, ABORTED, CLOSED.
   */
  get(service: string, options?: Cancellable): Promise<Snapshot>;
  /**
   * The live sequence of snapshots. All watches of one service share one watch of the backend (law 11).
   * @throws RollcallError INVALID_SERVICE, ABORTED, CLOSED, at once.
   */
  watch(service: string, options?: Cancellable): Watch;
  /** Names of all services with at least one record, sorted. */
  services(options?: Cancellable): Promise<readonly string[]>;
  /** How it stands with the backend and with what is watched, now: for readiness probes and metrics. */
  readonly status: DiscoveryStatus;
  /** Called on each change of the status's state or member, not for the present one. */
  subscribe(listener: (status: DiscoveryStatus) => void): Disposable;
  /** Ends every watch and frees everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * A watch follows the backend while somebody reads it, by iterating or by `subscribe`, and stops with its last reader:
 * one that is dropped unread, or left by `break`, leaks nothing.
 *
 * Trouble with the backend never ends it; only `close()`, the signal, or closing the discovery does.
 * Iterating then finishes (`close`) or rejects with ABORTED (the signal).
 */
export interface Watch extends AsyncIterable<Snapshot>, Disposable {
  readonly service: string;
  /** The newest snapshot; `undefined` until the first, and while nobody reads. */
  readonly current: Snapshot | undefined;
  /** Why there is no live snapshot now; `undefined` while all is well. */
  readonly trouble: RollcallError | undefined;
  /** Called with the present snapshot soon (never from within `subscribe`), then with each new one. */
  subscribe(listener: (snapshot: Snapshot) => void): Disposable;
  close(): void;
}
