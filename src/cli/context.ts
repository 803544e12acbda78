import type { ConfigSource } from '../config/load-config.js';
import type { ConnectOptions } from '../connect.js';
import type { Backend } from '../core/adapter.js';
import type { Clock } from '../core/clock.js';
import type { StartCommand } from './child-command.js';

/** One of the two standard streams, as a command sees it. */
export interface Output {
  write(text: string): void;
  /** Whether escape sequences for colour make sense here: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  /** How wide help texts may be. */
  readonly columns: number;
  /**
   * Aborts when nobody reads any more (EPIPE), or, with a RollcallError, when writing fails otherwise.
   * Writing stays allowed and does nothing then.
   */
  readonly closed: AbortSignal;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Where the requests to stop come from: the process, or a test. */
export interface StopSignals {
  subscribe(listener: (signal: StopSignal) => void): Disposable;
}

/** Everything a command touches of the world outside. */
export interface CommandContext {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly signals: StopSignals;
  readonly connect: (source: ConfigSource | undefined, options: ConnectOptions) => Promise<Backend>;
  readonly startCommand: StartCommand;
  /** Whether a terminal sends SIGINT to us and, without our doing, to every command we start. */
  readonly onTerminal: boolean;
  /** Ends the process at once, whatever is still going on. */
  readonly exit: (status: number) => void;
}

/** What all commands take. */
export interface CommonOptions {
  /** A registry URL. Default: ROLLCALL_REGISTRY. */
  readonly registry?: string | undefined;
  /** One JSON object a line instead of text for a person. */
  readonly json?: boolean | undefined;
}

/** 0: done. 1: failed. 2: wrong usage. */
export type ExitStatus = 0 | 1 | 2;
