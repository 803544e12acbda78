import { CommanderError } from 'commander';

import { type ErrorCode, RollcallError } from '../core/errors.js';
import type { ExitStatus, Output } from './context.js';
import { painter, printable } from './output/terminal.js';

/** What the caller of a command got wrong, as against what went wrong. */
const usageCodes: ReadonlySet<ErrorCode> = new Set([
  'INVALID_CONFIG',
  'UNKNOWN_ADAPTER',
  'UNKNOWN_OPTION',
  'INVALID_SERVICE',
  'INVALID_ADDRESS',
  'INVALID_INSTANCE',
  'RECORD_TOO_LARGE',
]);

/** Says on one line of standard error what is the matter, and gives the status to end with. */
export function reportFailure(error: unknown, stderr: Output): ExitStatus {
  // Commander has said it by then, through `complain`.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  complain(error instanceof Error ? error.message : String(error), stderr);
  return error instanceof RollcallError && usageCodes.has(error.code) ? 2 : 1;
}

export function complain(message: string, stderr: Output): void {
  const line = printable(message.trim().replace(/\s*\n\s*/g, ' '));
  stderr.write(`${painter(stderr.colour)('red', 'rollcall:')} ${line}\n`);
}
