import { closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';

import { connect } from '../connect.js';
import { systemClock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { startCommand } from './child-command.js';
import type { CommandContext, Output, StopSignal, StopSignals } from './context.js';

/** The world as this process has it. */
export function processContext(): CommandContext {
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    clock: systemClock,
    signals: processSignals,
    connect,
    startCommand,
    onTerminal: hasTerminal(),
    exit: (status) => process.exit(status),
  };
}

/** Whether Ctrl-C reaches this process and the command it starts: also with all three streams redirected. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

function output(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }): Output {
  const closed = new AbortController();
  // Without a listener, `rollcall watch x | head -1` would end in a stack trace.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed.abort(error.code === 'EPIPE' ? undefined : new RollcallError('INTERNAL', `cannot write: ${error.message}`));
  });
  return {
    write: (text) => {
      if (!closed.signal.aborted) stream.write(text);
    },
    colour: stream.isTTY === true && !isSet(process.env.NO_COLOR) && process.env.TERM !== 'dumb',
    columns: stream.columns ?? 80,
    closed: closed.signal,
  };
}

/** https://no-color.org: present and not empty, whatever the value. */
function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '';
}

const processSignals: StopSignals = {
  subscribe(listener) {
    const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
    const onSignal = (signal: NodeJS.Signals): void => {
      listener(signal as StopSignal);
    };
    for (const signal of signals) process.on(signal, onSignal);
    return {
      [Symbol.dispose]() {
        for (const signal of signals) process.off(signal, onSignal);
      },
    };
  },
};
