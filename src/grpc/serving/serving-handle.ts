import type { InstanceChange } from '../../core/instance.js';
import type { Registration, RegistrationState } from '../../core/ports.js';
import type { HealthService } from './health-service.js';
import type { ServingState } from './serving-state.js';

export interface ServingStatus {
  readonly state: ServingState;
  /** Of the record: see `RegistrationState`. */
  readonly registration: RegistrationState;
  /** Whether it is serving and its record stands, as far as anybody knows. */
  readonly ready: boolean;
}

export interface StopOptions {
  /** Cuts the calls under way at once, also when a graceful stop is under way. Default false. */
  readonly now?: boolean | undefined;
}

/** A server that is on the roll. */
export interface ServingHandle extends AsyncDisposable {
  /** As registered: what clients dial. */
  readonly address: string;
  /** The bound port; 0 for a unix socket. */
  readonly port: number;
  /** The record's. Another one after `resume`, if `pause` had to take the record away; see there. */
  readonly registration: Registration;
  /** What answers `grpc.health.v1` requests; `undefined` with `health: false`. NOT_SERVING for '' pauses the server, SERVING resumes it. */
  readonly health: HealthService | undefined;
  readonly state: ServingState;
  /**
   * Whether the state is `serving` and the registration `active`. A registration that recovers, because the backend is away, is not ready, although
   * clients go on calling what they know; `state` tells whether the server itself is well.
   */
  readonly ready: boolean;
  /** Called on each change of the state or the registration's, not for the present ones. */
  subscribe(listener: (status: ServingStatus) => void): Disposable;
  /**
   * Asks for no calls, without stopping: publishes weight 0, or takes the record away where the layout carries no weight, and says NOT_SERVING. What
   * still comes is served. Resolves once that is stored; of several calls of `pause` and `resume` the last one counts.
   * @throws RollcallError if it is refused; the server is serving as before then. After UNAVAILABLE or TIMEOUT it stays paused and the registry goes
   *   on trying. CLOSED once it is being stopped.
   */
  pause(): Promise<void>;
  /**
   * Takes it back: publishes the weight it had, or that was given to `update` meanwhile, or registers again.
   * @throws RollcallError as `pause`; SUPERSEDED if a newer owner has the record. What could not be registered again stays paused.
   */
  resume(): Promise<void>;
  /**
   * Changes what is published; fields left out stay, metadata is replaced as a whole (a `serviceConfig` stays). A weight given while paused is
   * published by `resume`.
   * @throws RollcallError as `Registration.update`; CLOSED once it is being stopped.
   */
  update(change: InstanceChange): Promise<void>;
  /**
   * Takes the server out so that no call fails: says NOT_SERVING and removes the record, goes on serving while clients hear of it, lets the calls
   * under way finish, shuts the server down. Idempotent; with `now` a stop under way hurries.
   * @throws RollcallError if the record could not be removed, TIMEOUT if the backend did not answer within 3 seconds (0.5 with `now`) and the
   *   removal goes on in the background; the server is shut down all the same.
   */
  stop(options?: StopOptions): Promise<void>;
}
