import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Side } from '../measure.js';
import type { Teardown } from '../support/teardown.js';

const program = fileURLToPath(new URL('idle-client.mjs', import.meta.url));

/** Since it was started. */
export interface Used {
  /** CPU time of the whole process, in milliseconds. */
  readonly cpuMs: number;
  /** Turns of the event loop: each of them a moment in which the process was not left asleep. */
  readonly turns: number;
  /** What the watches have delivered. */
  readonly delivered: number;
}

/** A client in a process of its own, which is asked what it has used. */
export class IdleProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves once everything is registered and watched. */
  static async start(side: Side, endpoint: string, services: number, undo: Teardown): Promise<IdleProcess> {
    const args = [side === 'rollcall' ? 'rollcall' : 'etcd3', endpoint, String(services)];
    const started = new IdleProcess(undo.add(fork(program, args, { execArgv: [] }), (child) => child.kill('SIGKILL')));
    await started.#next();
    return started;
  }

  async used(): Promise<Used> {
    const answer = this.#next();
    this.#child.send('used');
    return (await answer) as Used;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (status: number | null): void => reject(new Error(`the idle client ended with status ${String(status)}`));
      this.#child.once('exit', ended).once('message', (message) => {
        this.#child.off('exit', ended);
        resolve(message);
      });
    });
  }
}
