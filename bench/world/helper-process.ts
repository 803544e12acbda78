import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Teardown } from '../support/teardown.js';

const programs = new URL('../programs/', import.meta.url);

/** A program of ours in a process of its own, which answers one question at a time. */
export class HelperProcess {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  ask<Answer>(question: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (status: number | null): void => reject(new Error(`${this.#name} ended with status ${String(status)}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', ended);
        resolve(answer as Answer);
      });
      this.#child.send(question as object);
    });
  }

  /** Ends it, whatever it does. */
  end(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Starts `bench/programs/<name>.ts`; it ends with the row. */
export function startHelper(name: string, args: readonly string[], undo: Teardown): HelperProcess {
  const execArgv = ['--expose-gc', '--import', 'tsx', '--import', fileURLToPath(new URL('../support/use-build.mjs', import.meta.url))];
  const child = fork(fileURLToPath(new URL(`${name}.ts`, programs)), args, { execArgv });
  return undo.add(new HelperProcess(child, name), (each) => each.end());
}
