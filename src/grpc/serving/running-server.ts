import type { Server } from '@grpc/grpc-js';

import { lifetimeController, sleep } from '../../core/cancellation.js';
import type { Clock } from '../../core/clock.js';
import { closedError } from '../../core/errors.js';
import type { InstanceChange, InstanceInit } from '../../core/instance.js';
import { Listeners } from '../../core/listeners.js';
import type { Logger } from '../../core/logger.js';
import { flag, parseOptions } from '../../core/options.js';
import type { RegisterOptions, Registration, Registry } from '../../core/ports.js';
import { shutDownServer } from '../server-port.js';
import type { HealthService } from './health-service.js';
import { Publication } from './publication.js';
import { Removal } from './removal.js';
import type { Publishing } from './serve-options.js';
import { type ServerHealth } from './server-health.js';
import type { ServingHandle, ServingStatus, StopOptions } from './serving-handle.js';
import { type ServingState, ServingStates } from './serving-state.js';

/** How long `stop` waits for the record to be removed: with the backend gone, waiting longer helps nobody, as clients hear nothing either way. */
const removalMs = 3000;
const hurriedRemovalMs = 500;

export interface RunningServerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propagationMs: number;
  readonly graceMs: number;
  readonly publishing: Publishing;
}

/** Where a server was bound, and what it is told to say of its health. */
export interface BoundServer {
  readonly server: Server;
  /** As grpc-js knows it: see `boundName`. */
  readonly name: string;
  readonly port: number;
  readonly health: ServerHealth | undefined;
  readonly healthService: HealthService | undefined;
}

const stopSpecs = { now: flag({ describe: 'cuts the calls under way at once', fallback: false }) };

/** The life of one server, once it is registered. Its states are those of `ServingStates`. */
export class RunningServer implements ServingHandle {
  readonly address: string;
  readonly #bound: BoundServer;
  readonly #publication: Publication;
  readonly #deps: RunningServerDeps;
  readonly #states: ServingStates;
  readonly #listeners: Listeners<[ServingStatus]>;
  readonly #now = lifetimeController();
  #registrationListener: Disposable | undefined;
  #told: string;
  #stopping: Promise<void> | undefined;

  private constructor(bound: BoundServer, publication: Publication, deps: RunningServerDeps) {
    const { service, address } = publication.registration.instance;
    this.address = address;
    this.#bound = bound;
    this.#publication = publication;
    this.#deps = deps;
    this.#listeners = new Listeners(deps.logger, `the server of ${service} at ${address}`);
    this.#states = new ServingStates((state) => {
      if (state === 'serving') bound.health?.open();
      else bound.health?.close();
      deps.logger.info({ service, address, state }, `the server is ${state}`);
      this.#tell();
    });
    this.#told = this.#fingerprint();
    this.#states.enter('serving');
    this.#follow(publication.registration);
    publication.events = {
      registered: (registration) => {
        this.#follow(registration);
      },
      reverted: (withdrawn) => {
        this.#reverted(withdrawn);
      },
    };
  }

  /** @throws RollcallError whatever `register` rejects with; the server still listens then. */
  static async register(bound: BoundServer, registry: Registry, init: InstanceInit, options: RegisterOptions, deps: RunningServerDeps): Promise<RunningServer> {
    // Before the record is there: who reads it and asks at once must not hear that nobody is serving.
    bound.health?.open();
    return new RunningServer(bound, await Publication.register(registry, init, options), deps);
  }

  get port(): number {
    return this.#bound.port;
  }

  get registration(): Registration {
    return this.#publication.registration;
  }

  get health(): HealthService | undefined {
    return this.#bound.healthService;
  }

  get state(): ServingState {
    return this.#states.current;
  }

  get ready(): boolean {
    return this.state === 'serving' && this.registration.state === 'active';
  }

  subscribe(listener: (status: ServingStatus) => void): Disposable {
    return this.#listeners.add(listener);
  }

  async pause(): Promise<void> {
    this.#throwIfStopping();
    this.#states.enter('paused');
    await this.#publication.withdraw(true);
  }

  async resume(): Promise<void> {
    this.#throwIfStopping();
    this.#states.enter('serving');
    await this.#publication.withdraw(false);
  }

  async update(change: InstanceChange): Promise<void> {
    this.#throwIfStopping();
    await this.#publication.update(change.metadata === undefined ? change : { ...change, metadata: this.#deps.publishing(change.metadata) });
  }

  /** For the health service, on which somebody set the status of the whole server. */
  wish(serving: boolean): void {
    if (this.#stopping !== undefined) return;
    (serving ? this.resume() : this.pause()).catch((error: unknown) => {
      this.#deps.logger.error({ err: error, address: this.address }, `the server was set to ${serving ? 'SERVING' : 'NOT_SERVING'}, and its record cannot follow`);
    });
  }

  async stop(options: StopOptions = {}): Promise<void> {
    if (parseOptions(stopSpecs, { ...options }, 'stop').now) this.#now.abort();
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const { clock, logger, propagationMs, graceMs } = this.#deps;
    const { server, name, health } = this.#bound;
    const { signal } = this.#now;
    this.#states.enter('draining');
    const removal = new Removal(this.#publication.remove(), clock);
    await removal.wait(removalMs, signal);
    await sleep(clock, propagationMs, signal).catch(() => undefined);
    health?.endStreams();
    await shutDownServer(server, name, graceMs, clock, signal);
    if (signal.aborted && removal.pending) await removal.wait(hurriedRemovalMs);
    this.#states.enter('stopped');
    this.#registrationListener?.[Symbol.dispose]();
    this.#listeners.clear();
    const { failure } = removal;
    if (failure === undefined) return;
    logger.error({ err: failure, address: this.address }, 'the record could not be removed; the server is shut down all the same');
    throw failure;
  }

  #follow(registration: Registration): void {
    this.#registrationListener?.[Symbol.dispose]();
    this.#registrationListener = registration.subscribe(() => {
      this.#tell();
    });
    this.#tell();
  }

  /** What was wished is refused: the state is again what the record says. */
  #reverted(withdrawn: boolean): void {
    if (this.#stopping === undefined) this.#states.enter(withdrawn ? 'paused' : 'serving');
  }

  #tell(): void {
    const now = this.#fingerprint();
    if (now === this.#told) return;
    this.#told = now;
    this.#listeners.emit(Object.freeze({ state: this.state, registration: this.registration.state, ready: this.ready }));
  }

  #fingerprint(): string {
    return `${this.state} ${this.registration.state}`;
  }

  #throwIfStopping(): void {
    if (this.#stopping !== undefined) throw closedError('the server');
  }
}
