import { deferred } from '../core/deferred.js';
import { RollcallError, toRollcallError } from '../core/errors.js';
import { type ChildCommand, complaintAbout } from './child-command.js';
import type { CommandContext, StopSignal } from './context.js';

/**
 * A signal that comes again within this time is the same one: on Ctrl-C npm (and so npx) sends its child the SIGINT that
 * the terminal has sent it already.
 */
export const echoMs = 500;

type Context = Pick<CommandContext, 'startCommand' | 'onTerminal' | 'clock'>;

/** Finds out when a registration is over: by a signal or, with a command, by the end of that; or by a newer owner. */
export class RegistrationEnd {
  readonly #context: Context;
  readonly #command: readonly string[];
  readonly #stopped = deferred<undefined>();
  readonly #superseded = deferred<RollcallError>();
  #child: ChildCommand | undefined;
  #forwarded: StopSignal | undefined;
  #signalledAt = -Infinity;

  /** @param command to run meanwhile; empty for none */
  constructor(context: Context, command: readonly string[]) {
    this.#context = context;
    this.#command = command;
  }

  onSignal(signal: StopSignal): void {
    if (this.#command.length === 0) {
      this.#stopped.resolve(undefined);
      return;
    }
    const now = this.#context.clock.monotonic();
    const again = this.#forwarded === signal;
    const echo = again && now - this.#signalledAt < echoMs;
    this.#forwarded = signal;
    this.#signalledAt = now;
    if (echo) return;
    // On a terminal Ctrl-C reached the command already; a second one tells many servers to give up draining. Who sends it
    // to us alone, from another terminal, can say it twice.
    if (this.#context.onTerminal && signal === 'SIGINT' && !again) return;
    this.#child?.kill(signal);
  }

  onSuperseded(reason: RollcallError): void {
    this.#superseded.resolve(reason);
  }

  /** Starts the command, if there is one. Resolves with the error to end with, if it is one. */
  async wait(): Promise<RollcallError | undefined> {
    if (this.#command.length === 0) return Promise.race([this.#stopped.promise, this.#superseded.promise]);
    let child: ChildCommand;
    try {
      child = await this.#context.startCommand(this.#command);
    } catch (error) {
      return toRollcallError(error);
    }
    this.#child = child;
    // It came while the command was being started.
    if (this.#forwarded !== undefined && !(this.#context.onTerminal && this.#forwarded === 'SIGINT')) child.kill(this.#forwarded);
    const first = await Promise.race([child.ended, this.#superseded.promise]);
    if (first instanceof RollcallError) {
      child.kill('SIGTERM');
      await child.ended;
      return first;
    }
    const complaint = complaintAbout(first, this.#forwarded);
    return complaint === undefined ? undefined : new RollcallError('INTERNAL', complaint);
  }
}
