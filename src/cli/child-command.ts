import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { StopSignal } from './context.js';

/** How a command ended: with a status, or by a signal. */
export type CommandEnd = { readonly status: number } | { readonly signal: NodeJS.Signals };

export interface ChildCommand {
  readonly ended: Promise<CommandEnd>;
  kill(signal: StopSignal): void;
}

export type StartCommand = (argv: readonly string[]) => Promise<ChildCommand>;

/**
 * Starts a command that shares our standard streams.
 * @throws RollcallError INTERNAL if there is no such command
 */
export const startCommand: StartCommand = async ([file = '', ...args]) => {
  const child = spawn(file, args, { stdio: 'inherit' });
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('exit', (status, signal) => {
      resolve(signal === null ? { status: status ?? 0 } : { signal });
    });
  });
  await started(child, file);
  return {
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
  };
};

function started(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such command' : cause.message;
      reject(new RollcallError('INTERNAL', `cannot run ${quote(file)}: ${reason}`, { cause }));
    });
  });
}

/** What to tell of a command that did not end well; `undefined` if it did. */
export function complaintAbout(end: CommandEnd, forwarded: StopSignal | undefined): string | undefined {
  if ('signal' in end) return end.signal === forwarded ? undefined : `the command was ended by ${end.signal}`;
  // A shell that runs the command says 128 + n where n is the signal that ended it.
  if (end.status === 0 || (forwarded !== undefined && end.status === 128 + constants.signals[forwarded])) return undefined;
  return `the command ended with status ${end.status}`;
}
