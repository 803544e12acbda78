import type { Holding } from '../core/selection/guard.js';

/** How one channel stands with its service: what its resolver told grpc-js last. Frozen. */
export interface ChannelStatus {
  /** As the channel was created with: `etcd:///orders`. */
  readonly target: string;
  readonly service: string;
  /**
   * - `waiting`: the discovery has not answered yet.
   * - `resolved`: calls are balanced over `instances`.
   * - `failing`: calls fail with `note`.
   */
  readonly state: 'waiting' | 'resolved' | 'failing';
  /** How many instances calls are balanced over. */
  readonly instances: number;
  /** In words: what the status of a failing call says. */
  readonly note: string;
  /** Instances that the backend no longer names and that a guard keeps. */
  readonly holding?: Holding;
}
