import type { RollcallError } from './errors.js';
import type { ServiceInstance } from './instance.js';
import type { Seconds } from './ports.js';

export interface RecordWrite {
  readonly instance: ServiceInstance;
  /**
   * `claim`: the newest owner wins, whatever stands there is replaced.
   * `renew`: only where nothing stands, or our own record does.
   */
  readonly mode: 'claim' | 'renew';
}

/** `superseded`: a record of another owner stands there and was left alone. */
export type WriteOutcome = 'stored' | 'superseded';

/** What an adapter supplies to be written to; `LeasedRegistry` makes the whole write port of it. */
export interface LeaseStore {
  /** The TTL of registrations that do not ask for one. */
  readonly defaultTtl: Seconds;
  /** Refuses, by throwing INVALID_INSTANCE, what this store's format cannot carry. */
  check(instance: ServiceInstance): void;
  /**
   * Writes records under the one lease of that TTL, granting it first where needed (law 11). Tries once, within the
   * store's own time limit; resolves with one outcome per record, in order. After a rejection any of them may have been written.
   */
  write(records: readonly RecordWrite[], ttl: Seconds, signal: AbortSignal): Promise<readonly WriteOutcome[]>;
  /** Removes records that this store wrote and that are still its own; others, and missing ones, are left without error. */
  remove(instances: readonly ServiceInstance[], ttl: Seconds, signal: AbortSignal): Promise<void>;
  /** Removes everything this store wrote, as far as the backend lets it within a bound, and frees everything. Called once. */
  close(): Promise<void>;
}

/** What a store reports of records that it wrote. Each may be said more than once. */
export interface LeaseEvents {
  /** The records, or the lease under them, are gone: write them again. */
  lost(instances: readonly ServiceInstance[], reason: RollcallError): void;
  /** The lease may have run out, for all we know; `confirmed` or `lost` follows. */
  doubtful(instances: readonly ServiceInstance[], reason: RollcallError): void;
  confirmed(instances: readonly ServiceInstance[]): void;
  /** Another owner's record stands in this one's place. */
  superseded(instance: ServiceInstance): void;
}
