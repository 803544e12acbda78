import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Teardown } from '../support/teardown.js';
import type { ListenersReport } from './listeners.js';

/** Addresses that connections can be opened to, served by another process. */
export interface Addresses {
  readonly list: readonly string[];
  /** Resolves once so many connections stand. */
  connected(count: number): Promise<void>;
}

export async function startAddresses(count: number, undo: Teardown): Promise<Addresses> {
  const child = undo.add(fork(fileURLToPath(new URL('listeners.ts', import.meta.url)), [String(count)], { execArgv: ['--import', 'tsx'] }), (each) => each.kill('SIGKILL'));
  let open = 0;
  const waiting = new Set<() => void>();
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the process with the addresses ended with status ${String(status)}`)));
    child.on('message', (report: ListenersReport) => {
      if ('ports' in report) resolve(report.ports);
      else {
        ({ open } = report);
        for (const check of [...waiting]) check();
      }
    });
  });
  const connected = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (open < wanted) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { list: ports.map((port) => `127.0.0.1:${port}`), connected };
}
